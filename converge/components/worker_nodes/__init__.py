"""Worker nodes."""
