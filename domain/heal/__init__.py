"""Healing: what could be changed so that a failed execution goes on, and what that would change for others. Pure."""
