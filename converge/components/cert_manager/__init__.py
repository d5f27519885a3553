"""cert-manager: the certificates of the platform."""
