"""The number of a key, in whatever names one."""

from __future__ import annotations

from typing import Final

NO_KEY: Final = -1
"""Of what is not sealed."""
KEYS_MAX: Final = 2**36
"""Numbers are lower: whatever names another one, such as a damaged record, names no key."""
