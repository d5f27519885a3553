"""What people see: progress, reports, task status."""
