"""The functions of texts. What reads a text is charged a unit for 256 characters, what builds one a unit for 16.

No method of Python's that asks the tables of Unicode is used, as they differ between its versions.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from domain.expressions.conversions import encoded
from domain.expressions.faults import Fault, Meter
from domain.expressions.values import kind_of

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_WHITE: Final = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""Unicode's white space; Python's own `strip` takes four characters more."""
_SOUGHT_CHARS: Final = 16
"""Python seeks a text from the end in time with the product of both lengths; from the start it does not, so longer ones are turned over."""
_QUOTED: Final = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"',
}  # fmt: skip


def _read(meter: Meter, text: str) -> None:
    meter.charge(len(text) >> 8)


def _build(meter: Meter, chars: int) -> None:
    meter.charge(chars >> 4)


def _position(text: str, at: int) -> int:
    if not 0 <= at <= len(text):
        raise Fault("no_character", int(at), len(text))
    return int(at)


def contains(meter: Meter, text: str, part: str) -> bool:
    """Whether the part is in the text."""
    _read(meter, text)
    return part in text


def starts_with(meter: Meter, text: str, part: str) -> bool:
    """Whether the text begins with the part."""
    _read(meter, part)
    return text.startswith(part)


def ends_with(meter: Meter, text: str, part: str) -> bool:
    """Whether the text ends with the part."""
    _read(meter, part)
    return text.endswith(part)


def char_at(meter: Meter, text: str, at: int) -> str:
    """The character at a position; behind the last one nothing."""
    at = _position(text, at)
    return text[at : at + 1]


def index_of(meter: Meter, text: str, part: str, start: int = 0) -> int:
    """Where the part begins, from `start` on; -1 where it is not there."""
    _read(meter, text)
    return text.find(part, _position(text, start))


def last_index_of(meter: Meter, text: str, part: str, start: int | None = None) -> int:
    """Where the part begins last, not behind `start`; -1 where it is not there."""
    _read(meter, text)
    end = len(text) if start is None else min(_position(text, start) + len(part), len(text))
    if len(part) < _SOUGHT_CHARS:
        return text.rfind(part, 0, end)
    at = text[:end][::-1].find(part[::-1])
    return at if at < 0 else end - at - len(part)


def lower_ascii(meter: Meter, text: str) -> str:
    """The text with a to z for A to Z."""
    _build(meter, len(text))
    return text.translate(_LOWER)


def upper_ascii(meter: Meter, text: str) -> str:
    """The text with A to Z for a to z."""
    _build(meter, len(text))
    return text.translate(_UPPER)


def replace(meter: Meter, text: str, old: str, new: str, most: int = -1) -> str:
    """The text with `new` for `old`, so many times at most."""
    _read(meter, text)
    found = text.count(old) if most < 0 else min(text.count(old), most)
    _build(meter, len(text) + found * (len(new) - len(old)))
    return text.replace(old, new, max(int(most), -1) if most < 2**31 else -1)


def split(meter: Meter, text: str, separator: str, most: int = -1) -> list[str]:
    """The pieces between separators, so many at most; the last one then has the rest."""
    if most == 0:
        return []
    _read(meter, text)
    meter.charge((text.count(separator) if separator else len(text)) + 1)
    _build(meter, len(text))
    if separator:
        return text.split(separator, most - 1 if 0 < most < 2**31 else -1)
    if most < 0 or most >= len(text):
        return list(text)
    return [*text[: most - 1], text[most - 1 :]]


def join(meter: Meter, items: list[Any], separator: str = "") -> str:
    """The texts of a list, one behind the other."""
    meter.charge(len(items))
    chars = max(len(items) - 1, 0) * len(separator)
    for item in items:
        if type(item) is not str:
            raise Fault("joined", kind_of(item))
        chars += len(item)
    _build(meter, chars)
    return separator.join(items)


def substring(meter: Meter, text: str, start: int, end: int | None = None) -> str:
    """The characters from `start` to before `end`."""
    start, end = _position(text, start), len(text) if end is None else _position(text, end)
    if end < start:
        raise Fault("backwards", start, end)
    _build(meter, end - start)
    return text[start:end]


def trim(meter: Meter, text: str) -> str:
    """The text without white space at both ends."""
    _build(meter, len(text))
    return text.strip(_WHITE)


def reverse(meter: Meter, value: str | list[Any]) -> Any:
    """The characters or the items from the last to the first."""
    meter.charge(len(value) if type(value) is list else len(value) >> 4)
    return value[::-1]


def quote(meter: Meter, text: str) -> str:
    """The text as a literal."""
    meter.charge(len(text) >> 2)
    return '"' + "".join(_QUOTED.get(char, char) for char in text) + '"'


def to_base64(meter: Meter, value: bytes) -> str:
    """Bytes as base64."""
    _build(meter, len(value) * 2)
    return base64.b64encode(value).decode()


def from_base64(meter: Meter, text: str) -> bytes:
    """The bytes of base64, with padding or without."""
    _build(meter, len(text))
    try:
        return base64.b64decode(encoded(text) + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Fault("unreadable", "base64", text) from None
