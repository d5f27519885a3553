"""The ingress's dashboard."""
