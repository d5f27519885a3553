"""The only importer of the Kubernetes client: apply, read, prune, watch, readiness rules, diagnosis."""
