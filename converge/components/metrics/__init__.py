"""Metrics: what nodes and pods use."""
