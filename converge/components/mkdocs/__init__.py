"""The documentation, built by MkDocs."""
