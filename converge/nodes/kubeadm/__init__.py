"""Clusters that kubeadm makes, on whatever machines: what embedded nodes and hosts over SSH have in common."""
