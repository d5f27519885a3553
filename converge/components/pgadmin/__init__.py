"""pgAdmin."""
