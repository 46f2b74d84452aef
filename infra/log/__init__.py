"""Logs: the adapters of `contracts/ports/log.py`."""
