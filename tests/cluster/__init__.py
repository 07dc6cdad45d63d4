"""The test cluster: a real Kubernetes of its own, and what only a real one can show."""
