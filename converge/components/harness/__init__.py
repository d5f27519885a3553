"""The harness inside the platform."""
