"""MinIO's console."""
