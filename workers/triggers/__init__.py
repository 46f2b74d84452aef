"""Triggers at work: which there are, and what fires them."""
