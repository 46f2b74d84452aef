"""Reads the text form of protocol buffers, as much of it as the specification's cases use."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_TOKEN = re.compile(
    r"""(?P<blank>[\s,;]+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<word>[-+.\w]+)|(?P<extension>\[[\w./]+\])|(?P<op>[{}:<>\[\]])""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_CLOSING = {"{": "}", "<": ">"}

Message = dict[str, list[Any]]


def read(text: str) -> Message:
    """A message: each field with all of its values, strings as bytes, words as they stand."""
    return _Reader(text).message("")


def text_of(message: Message, field: str, otherwise: str = "") -> str:
    """The first value of a field as text."""
    values = message.get(field)
    if not values:
        return otherwise
    return values[0].decode() if isinstance(values[0], bytes) else str(values[0])


class _Reader:
    def __init__(self, text: str) -> None:
        self._words: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            assert found is not None, text[at : at + 60]
            if found.lastgroup != "blank":
                self._words.append((str(found.lastgroup), found[0]))
            at = found.end()
        self._at = 0

    def message(self, closing: str) -> Message:
        found: Message = defaultdict(list)
        while self._at < len(self._words) and self._word() != closing:
            field = self._take()
            if self._word() == ":":
                self._at += 1
            found[field] += self._values()
        if closing:
            self._at += 1
        return found

    def _values(self) -> list[Any]:
        kind, word = self._words[self._at]
        if word in _CLOSING and kind == "op":
            self._at += 1
            return [self.message(_CLOSING[word])]
        if word == "[":
            self._at += 1
            items = []
            while self._word() != "]":
                items += self._values()
            self._at += 1
            return items
        if kind != "string":
            return [self._take()]
        pieces = b""
        while self._at < len(self._words) and self._words[self._at][0] == "string":
            pieces += _unquoted(self._take())
        return [pieces]

    def _word(self) -> str:
        return self._words[self._at][1]

    def _take(self) -> str:
        self._at += 1
        return self._words[self._at - 1][1]


def _unquoted(literal: str) -> bytes:
    pieces, end, body = bytearray(), 0, literal[1:-1]
    for found in _ESCAPE.finditer(body):
        pieces += body[end : found.start()].encode()
        end = found.end()
        if found[1] or found[2]:
            pieces.append(int(found[1], 8) if found[1] else int(found[2], 16))
        elif found[3] or found[4]:
            pieces += chr(int(found[3] or found[4], 16)).encode()
        else:
            pieces += _ESCAPES.get(found[5], found[5]).encode()
    return bytes(pieces + body[end:].encode())
