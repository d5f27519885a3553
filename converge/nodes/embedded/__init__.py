"""A real kubeadm cluster on this machine, each node a network namespace."""
