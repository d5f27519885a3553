"""The platform's own dashboard."""
