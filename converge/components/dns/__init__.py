"""DNS: the domain of the platform, for pods and nodes."""
