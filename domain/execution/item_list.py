"""Lists of items, as loops record them: a JSON list, taken apart without parsing its items."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

_raw_list: Final = msgspec.json.Decoder(list[msgspec.Raw])


def split(items: bytes) -> tuple[bytes, ...]:
    """The items of a JSON list, each as its own bytes."""
    return tuple(bytes(item) for item in _raw_list.decode(items))


split_list: Final = lru_cache(maxsize=256)(split)
"""The same, cached: a loop asks for each item in another decision."""
