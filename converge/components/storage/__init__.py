"""Storage: volumes on the nodes themselves."""
