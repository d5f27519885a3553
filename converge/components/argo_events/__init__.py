"""Argo Events."""
