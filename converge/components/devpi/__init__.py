"""devpi."""
