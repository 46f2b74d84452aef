"""The parts of an expression that compiles, innermost first, so that a message can name the one that failed.

CEL reports what failed at run time, not where. A part that fails alone in the same words is where.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NamedTuple

from domain.expressions.tokens import MACROS, Token

_LEVELS: Final = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_DEPTH_MAX: Final = 64
"""CEL itself reads 32 levels; what is deeper never gets here."""


class Part(NamedTuple):
    """A piece of an expression: `kind` is name, select, index, call, macro, unary, binary or choice."""

    kind: str
    name: str
    text: str
    operands: tuple[str, ...]


class Unreadable(ValueError):
    """The tokens are no expression; the message is for nobody."""


def parts_of(source: str, tokens: tuple[Token, ...]) -> tuple[Part, ...]:
    """Every part of the expression, inner before outer, left before right; what could be read where it is none."""
    reader = _Reader(source, tokens)
    with suppress(Unreadable):
        reader.expression()
    return tuple(reader.parts)


class _Reader:
    """Recursive descent over the grammar of CEL; each method returns the text of what it has read."""

    def __init__(self, source: str, tokens: tuple[Token, ...]) -> None:
        self.parts: list[Part] = []
        self._source = source
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def expression(self) -> str:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise Unreadable
        start = self._at
        text = self._binary(0)
        if self._word() == "?":
            self._at += 1
            yes = self.expression()
            self._expect(":")
            text = self._add("choice", "?:", start, (text, yes, self.expression()))
        self._depth -= 1
        return text

    def _binary(self, level: int) -> str:
        if level == len(_LEVELS):
            return self._unary()
        start = self._at
        text = self._binary(level + 1)
        while (word := self._word()) in _LEVELS[level]:
            self._at += 1
            text = self._add("binary", word, start, (text, self._binary(level + 1)))
        return text

    def _unary(self) -> str:
        start = self._at
        if (word := self._word()) in ("!", "-", "--"):
            while self._word() in ("!", "-", "--"):
                self._at += 1
            return self._add("unary", word[0], start, (self._postfix(),))
        return self._postfix()

    def _postfix(self) -> str:
        start = self._at
        text = self._primary()
        while True:
            if self._word() == ".":
                text = self._member(start, text)
            elif self._word() == "[":
                self._at += 1
                self._skip("?")
                key = self.expression()
                self._expect("]")
                text = self._add("index", key, start, (text, key))
            else:
                return text

    def _member(self, start: int, owner: str) -> str:
        self._at += 1
        self._skip("?")
        name = self._word().strip("`")
        self._at += 1
        if self._word() != "(":
            return self._add("select", name, start, (owner,))
        kind = "macro" if name in MACROS else "call"
        return self._add(kind, name, start, (owner, *self._list("(", ")")))

    def _primary(self) -> str:
        start, token = self._at, self._token()
        if token.text == "(":
            self._at += 1
            self.expression()
            self._expect(")")
        elif token.text in ("[", "{"):
            self._list(token.text, "]" if token.text == "[" else "}")
        elif token.kind == "name" or token.text == ".":
            self._at += 2 if token.text == "." else 1
            name = self._tokens[self._at - 1].text
            if self._word() == "(":
                return self._add("call", name, start, ("", *self._list("(", ")")))
            return self._add("name", name, start, ())
        elif token.kind in ("string", "number"):
            self._at += 1
        else:
            raise Unreadable
        return self._text(start)

    def _list(self, opening: str, closing: str) -> tuple[str, ...]:
        self._expect(opening)
        items: list[str] = []
        while self._word() != closing:
            self._skip("?")
            items.append(self.expression())
            if self._word() in (",", ":"):
                self._at += 1
            elif self._word() != closing:
                raise Unreadable
        self._expect(closing)
        return tuple(items)

    def _add(self, kind: str, name: str, start: int, operands: tuple[str, ...]) -> str:
        text = self._text(start)
        self.parts.append(Part(kind, name, text, operands))
        return text

    def _text(self, start: int) -> str:
        return self._source[self._tokens[start].start : self._tokens[self._at - 1].end]

    def _token(self) -> Token:
        if self._at >= len(self._tokens):
            raise Unreadable
        return self._tokens[self._at]

    def _word(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _skip(self, word: str) -> None:
        if self._word() == word:
            self._at += 1

    def _expect(self, word: str) -> None:
        if self._word() != word:
            raise Unreadable
        self._at += 1
