"""Where nodes come from: embedded, microk8s, existing."""
