"""Credentials: where they are kept, and the keys that open them."""
