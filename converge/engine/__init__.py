"""Runs the component graph: order, converge, plan, wait, record."""
