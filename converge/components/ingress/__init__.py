"""The ingress: one way in, on ports 80 and 443."""
