"""Nodes made of namespaces: a kubeadm cluster on this Linux machine without a container engine."""
