"""The number of a key, in whatever names one."""

from __future__ import annotations

from typing import Final

NO_KEY: Final = -1
"""Of what is not sealed."""
