"""Text on its way to a terminal: what would command the terminal instead of being shown is shown by its number.

Names, messages and values come from anybody. A control character among them could move the cursor, change what is shown
above, or turn the order of a line around; half a character cannot be written at all.
"""

from __future__ import annotations

import re
from typing import Final

_UNSHOWN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]",
)


def escaped(text: str) -> str:
    """The text with each such character as `\\u001b`, which is the same value in JSON. Tabs and new lines stay."""
    return _UNSHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
