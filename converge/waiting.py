"""How long what is certain to come is waited for: a slow or busy machine is no fault, and a wait ends when it comes."""

COMES_S = 60.0
"""Only what never comes takes this long to fail."""
