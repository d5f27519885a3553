"""Hosts over SSH as the nodes of a kubeadm cluster of ours."""
