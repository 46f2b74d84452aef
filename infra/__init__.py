"""Adapters: how the ports of `contracts` are fulfilled with files, SQLite and the system clock."""
