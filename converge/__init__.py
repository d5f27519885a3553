"""Converge a set of nodes into the Thinkube platform; nothing in here knows about pytest."""
