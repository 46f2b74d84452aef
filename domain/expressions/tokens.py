"""The words of an expression, and where a template ends."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from domain.expressions.faults import Unreadable

NAMES: Final = (
    "input",
    "data",
    "nodes",
    "vars",
    "iteration",
    "signal",
    "error",
    "execution",
    "trigger",
    "item",
    "index",
    "acc",
    "event",
    "args",
)
"""The roots an expression may use."""
SOURCE_CHARS_MAX: Final = 4_000
"""A longer expression is refused."""
OPENING: Final = {"(": ")", "[": "]", "{": "}"}
CLOSING: Final = frozenset(")]}")

_STRING = (
    r"(?:[rR][bB]?|[bB][rR])(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"[^\"\r\n]*\"|'[^'\r\n]*')"
    r"|[bB]?(?:\"{3}(?:\\[\s\S]|[^\\])*?\"{3}|'{3}(?:\\[\s\S]|[^\\])*?'{3}|\"(?:\\.|[^\"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*')"
)
TOKEN: Final = re.compile(
    r"(?P<blank>[ \t\r\n\f]+|//[^\n]*)"
    r"|(?P<name>(?![rRbB]{1,2}[\"'])[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<op>&&|\|\||[=!<>]=|[-+*/%<>!?:,()\[\]{}]|\.(?!\d))"
    rf"|(?P<string>{_STRING})"
    r"|(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<int>0[xX][0-9a-fA-F]+[uU]?|\d+[uU]?)"
    r"|(?P<quoted>`[A-Za-z0-9_./ -]+`)"
    r"|(?P<bad>[\s\S])",
    re.ASCII,
)
_PLAIN = re.compile(r"[^\"'`/(){}\[\]]*")
"""What can hold no closing bracket but at its end: most templates are found by this, in a tenth of the time."""
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([abfnrtv\"'`?\\])|([\s\S]?))")
_ESCAPES: Final = dict(zip("abfnrtv\"'`?\\", "\a\b\f\n\r\t\v\"'`?\\", strict=True))


class Token(NamedTuple):
    """A word of an expression; `kind` is name, op, string, double, int, quoted or bad."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next character stands."""
        return self.start + len(self.text)


def tokens_of(source: str) -> list[Token]:
    """The words of a source, without blanks and comments. Never fails: what cannot be read is a token of kind `bad`."""
    return [Token(found.lastgroup or "bad", found.group(), found.start()) for found in TOKEN.finditer(source) if found.lastgroup != "blank"]


def template_end(text: str, start: int) -> int:
    """The offset of the `}}` that closes a template whose expression begins at `start`, or -1 where none comes in time."""
    limit = start + SOURCE_CHARS_MAX + 2
    plain = _PLAIN.match(text, start, limit)
    if plain is not None and plain.end() < limit and text.startswith("}}", plain.end()):
        return plain.end()
    depth = 0
    for found in TOKEN.finditer(text, start, limit):
        word = found.group()
        if word in OPENING:
            depth += 1
        elif word in CLOSING:
            if depth == 0:
                return found.start() if text.startswith("}}", found.start()) else -1
            depth -= 1
        elif found.lastgroup == "blank" and word.startswith("//") and "}}" in word and depth == 0:
            return found.start() + word.index("}}")
    return -1


def literal_value(literal: str, at: int = 0) -> str | bytes:
    """The text, or the bytes, that a literal stands for. Raises Unreadable for an escape that is none."""
    body = literal.lstrip("rRbB")
    prefix = literal[: len(literal) - len(body)].lower()
    is_long = body[:3] in ('"""', "'''") and len(body) >= 6
    body = body[3:-3].replace("\r\n", "\n").replace("\r", "\n") if is_long else body[1:-1]
    is_raw = "r" in prefix or "\\" not in body
    if "b" in prefix:
        return (body.encode() if is_raw else _bytes(body, at)) if body.isascii() else _encoded(body, is_raw, at)
    return body if is_raw else _ESCAPE.sub(lambda found: _character(found, at), body)


def _encoded(body: str, is_raw: bool, at: int) -> bytes:
    try:
        return body.encode() if is_raw else _bytes(body, at)
    except UnicodeEncodeError:
        raise Unreadable("the text is not valid Unicode", at) from None


def _character(found: re.Match[str], at: int) -> str:
    if found[5]:
        return _ESCAPES[found[5]]
    hexadecimal = found[1] or found[2] or found[3]
    if not hexadecimal and not found[4]:
        raise Unreadable(f"there is no escape `{found[0]}`; write `\\\\` for a backslash", at)
    code = int(hexadecimal, 16) if hexadecimal else int(found[4], 8)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Unreadable(f"`{found[0]}` is no character", at)
    return chr(code)


def _bytes(body: str, at: int) -> bytes:
    """Bytes written with escapes: `\\x41` is a byte here, and `\\u` has no meaning."""
    pieces, end = bytearray(), 0
    for found in _ESCAPE.finditer(body):
        pieces += body[end : found.start()].encode()
        end = found.end()
        if found[5]:
            pieces += _ESCAPES[found[5]].encode()
        elif found[1] or found[4]:
            pieces.append(int(found[1], 16) if found[1] else int(found[4], 8))
        else:
            raise Unreadable(f"`{found[0]}` is not for bytes", at)
    return bytes(pieces + body[end:].encode())
