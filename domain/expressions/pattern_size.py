"""How large a regular expression is once its repetitions are written out: what a search may cost for each character of a text.

Counted here and not asked of the library, so that every version of it charges, and refuses, the same.
"""

from __future__ import annotations

import re
from typing import Final

SIZE_MAX: Final = 20_000
"""A larger pattern is refused before it is compiled."""
_CLASS: Final = r"\[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]"
_TOKEN: Final = re.compile(r"\\[pP](?:\{[^}]*\}|.)|\\x\{[^}]*\}|\\.|" + _CLASS + r"|\{(\d+)(,?)(\d*)\}|.", re.DOTALL)
_UNICODE: Final = 1_200
"""A class of Unicode is made of about so many ranges of bytes."""
_ANY: Final = 10


def size_of(source: str) -> int:
    """The number of steps of the pattern, about; never fewer than one."""
    open_: list[list[int]] = [[]]
    for found in _TOKEN.finditer(source):
        word, parts = found.group(), open_[-1]
        if word == "(":
            open_.append([])
        elif word == ")" and len(open_) > 1:
            inside = sum(open_.pop()) + 1
            open_[-1].append(inside)
        elif found.group(1) is not None and parts:
            parts[-1] = min(parts[-1] * _times(found), SIZE_MAX * SIZE_MAX)
        elif word not in "*+?":
            parts.append(_weight(word))
    return max(1, sum(sum(parts) for parts in open_))


def _times(found: re.Match[str]) -> int:
    least, comma, most = found.group(1), found.group(2), found.group(3)
    times = int((most or least)[:6])
    return max(1, times + 1 if comma and not most else times)


def _weight(word: str) -> int:
    if word[:2] in ("\\p", "\\P") or "\\p" in word or "\\P" in word:
        return _UNICODE
    return _ANY if word == "." or word.startswith("[^") or not word.isascii() else 2
