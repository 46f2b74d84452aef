"""Masking: of what an attempt gives back and says, the secrets that it was given are made unreadable, however they are written.

A service may send a password back, in its answer or in an error; what an attempt leaves goes to the journal for good. So each text in it
is looked through for the secrets themselves, and for what they are in a URL, in JSON and in base64.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

import msgspec

from contracts.credentials import KINDS
from contracts.errors import InvalidInput
from contracts.failure import Failure
from contracts.json_texts import with_texts
from contracts.ports.credentials import Secret
from contracts.sealed_value import HIDDEN
from contracts.values import written

LENGTH_MIN: Final = 4
"""A shorter value would be found everywhere, and is not looked for."""
_ALL_HIDDEN: Final = msgspec.json.encode(HIDDEN)


class Masking:
    """What is to be found in no text."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._found: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._words)

    def add(self, secret: Secret) -> None:
        """From now on of this one, too."""
        known = KINDS.get(secret.kind)
        for one in secret.valid:
            hidden = [value for name, value in one.values.items() if known is None or name not in known.open]
            if "username" in one.values and "password" in one.values:
                hidden.append(f"{one.values['username']}:{one.values['password']}")
            for value in hidden:
                if len(value) >= LENGTH_MIN:
                    self._words.update(_written(value))
        longest_first = sorted(self._words, key=len, reverse=True)
        self._found = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text without them."""
        return text if self._found is None else self._found.sub(HIDDEN, text)

    def json(self, content: bytes, is_cut: bool = False) -> bytes:
        """The JSON with none of them in its texts and names; where texts may have been cut, no beginning of one at their end either."""
        if self._found is None:
            return content
        look = self._cut if is_cut else self.text
        return with_texts(content, look, _ALL_HIDDEN, LENGTH_MIN)

    def value(self, value: Any, is_cut: bool = False) -> Any:
        """A JSON value without them; bytes are JSON already."""
        if self._found is None or value is None:
            return value
        return self.json(value, is_cut) if isinstance(value, bytes) else msgspec.json.decode(self.json(written(value), is_cut))

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a line of the log without them."""
        return {name: self._field(value) for name, value in fields.items()}

    def _field(self, value: Any) -> Any:
        try:
            return self.value(value)
        except InvalidInput:
            return self.text(str(value))

    def failure(self, failure: Failure) -> Failure:
        """The failure without them, nor the beginning of one where its text was cut."""
        if self._found is None:
            return failure
        return msgspec.structs.replace(failure, message=self._cut(failure.message), details=self.value(failure.details, is_cut=True))

    def _cut(self, text: str) -> str:
        text = self.text(text)
        seen = text.removesuffix("…")
        left = max((_overlap(seen, word) for word in self._words), default=0)
        return seen[: len(seen) - left] + HIDDEN if left else text


def _overlap(text: str, word: str) -> int:
    """How much of the word's beginning the text ends with, if that is as long as what is looked for at all."""
    at = text.find(word[:LENGTH_MIN])
    while at >= 0 and not word.startswith(text[at:]):
        at = text.find(word[:LENGTH_MIN], at + 1)
    return len(text) - at if at >= 0 else 0


def _written(value: str) -> Iterator[str]:
    """How a value may be written down."""
    yield value
    yield value.strip() if len(value.strip()) >= LENGTH_MIN else value
    for form in (value, quote(value, safe=""), quote(value), quote_plus(value)):
        yield form
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), form)
    yield msgspec.json.encode(value).decode()[1:-1]
    yield _ascii(value)
    yield from _base64(value.encode())


def _ascii(value: str) -> str:
    """As JSON is written that has no signs but those of ASCII."""
    return json.dumps(value)[1:-1]


def _base64(content: bytes) -> Iterator[str]:
    """What of it is seen in base64, wherever in a longer text it begins; both alphabets."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content).decode()
        first = (before * 8 + 5) // 6
        last = (before + len(content)) * 8 // 6
        seen = whole[first:last]
        if len(seen) >= LENGTH_MIN:
            yield seen
            yield seen.replace("+", "-").replace("/", "_")
