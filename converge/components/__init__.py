"""Every component of the platform, in reading order; the order of execution comes from what each requires."""
