"""The texts in JSON: each is looked through where it stands, and all else stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def with_texts(content: bytes, look: Callable[[str], str], torn: bytes | None = None, length_min: int = 0) -> bytes:
    """The JSON with what `look` makes of each of its texts and names of fields; those of fewer than `length_min` bytes stay.

    `torn` stands for a text with half of a pair of surrogates, which nobody can look through; without it that stays as it is.
    """

    def changed(found: re.Match[bytes]) -> bytes:
        token = found.group()
        if len(token) < length_min + 2:
            return token
        try:
            text = msgspec.json.decode(token, type=str)
        except msgspec.MsgspecError:
            return token if torn is None else torn
        other = look(text)
        return token if other == text else msgspec.json.encode(other)

    return _STRING.sub(changed, content)
