"""The words of an expression, and which names it refers to, found without compiling it.

CEL itself gives no positions for what fails at run time and no list of the paths an expression reads. A list of
tokens is enough for both: a *chain* is a name and the constant steps behind it, `nodes.charge.output["id"]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

import msgspec

NAMES: Final = ("input", "data", "nodes", "vars", "iteration", "signal", "error", "execution", "trigger", "item", "index", "acc")
"""The roots an expression may use."""

MACROS: Final = frozenset(("map", "filter", "all", "exists", "exists_one", "existsOne", "optMap", "optFlatMap"))
"""The calls whose first argument names a variable that only their other arguments see."""

OPENING: Final = {"(": ")", "[": "]", "{": "}"}
CLOSING: Final = frozenset(")]}")
SOURCE_CHARS_MAX: Final = 4_000
"""A longer expression is refused."""

_STRING = (
    r"(?:[rR][bB]?|[bB][rR])(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"[^\"\r\n]*\"|'[^'\r\n]*')"
    r"|[bB]?(?:\"{3}(?:\\[\s\S]|[^\\])*?\"{3}|'{3}(?:\\[\s\S]|[^\\])*?'{3}|\"(?:\\.|[^\"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*')"
)
_TOKEN = re.compile(
    rf"(?P<blank>[ \t\r\n\f]+|//[^\n]*)"
    rf"|(?P<string>{_STRING})"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\d+(?=[eE])|\.\d+)(?:[eE][+-]?\d+)?|\d+[uU]?)"
    r"|(?P<quoted>`[^`\r\n]*`)"
    r"|(?P<op>===|!==|=>|\?\?|\?\.|\+\+|--|\*\*|&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}=&|;])"
    r"|(?P<bad>[\s\S])"
)
_PLAIN = re.compile(r"[^\"'`/(){}\[\]]*")
"""What can hold no closing bracket but at its end: most templates are found by this, in a tenth of the time."""
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)


class Token(msgspec.Struct, frozen=True, gc=False):
    """A word of an expression; `kind` is string, name, number, quoted, op or bad."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next character stands."""
        return self.start + len(self.text)


class Step(msgspec.Struct, frozen=True, gc=False):
    """One constant step of a chain, and the end of its text in the source."""

    key: str
    end: int


class Chain(msgspec.Struct, frozen=True, gc=False):
    """A name that is not a field, and the constant steps behind it; `call` says that a method call ends it."""

    root: str
    offset: int
    end: int
    steps: tuple[Step, ...]
    token: int
    is_local: bool
    call: str = ""


class Reference(msgspec.Struct, frozen=True, gc=False):
    """What an expression reads: a root, and the path up to the first step that is not constant."""

    root: str
    path: tuple[str, ...]
    offset: int


@lru_cache(maxsize=256)
def tokens_of(source: str) -> tuple[Token, ...]:
    """The words of a source, without blanks and comments. Never fails: what cannot be read is a token of kind `bad`."""
    return tuple(
        Token(found.lastgroup or "bad", found.group(), found.start()) for found in _TOKEN.finditer(source) if found.lastgroup != "blank"
    )


def template_end(text: str, start: int) -> int:
    """The offset of the `}}` that closes a template whose expression begins at `start`, or -1 where none comes in time."""
    limit = start + SOURCE_CHARS_MAX + 2
    plain = _PLAIN.match(text, start, limit)
    if plain is not None and plain.end() < limit and text.startswith("}}", plain.end()):
        return plain.end()
    depth = 0
    for found in _TOKEN.finditer(text, start, limit):
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


def references_of(source: str) -> tuple[Reference, ...]:
    """Every use of a name in NAMES, in the order written; variables of macros are left out."""
    return tuple(
        Reference(chain.root, tuple(step.key for step in chain.steps), chain.offset)
        for chain in chains_of(tokens_of(source))
        if not chain.is_local and chain.root in NAMES
    )


def chains_of(tokens: tuple[Token, ...]) -> Iterator[Chain]:
    """Every name that is not a field, a method, a called function or a key, with the constant steps behind it."""
    scopes = scopes_of(tokens)
    for i, token in enumerate(tokens):
        if token.kind != "name" or is_field(tokens, i) or _at(tokens, i + 1) == "(":
            continue
        is_local = any(name == token.text and first <= i < last for name, first, last in scopes)
        yield _chain(tokens, i, is_local)


def _chain(tokens: tuple[Token, ...], i: int, is_local: bool) -> Chain:
    steps: list[Step] = []
    end, at, call = tokens[i].end, i + 1, ""
    while True:
        word = _at(tokens, at)
        if word in (".", "?."):
            at += 2 if _at(tokens, at + 1) == "?" else 1
            if at >= len(tokens) or tokens[at].kind not in ("name", "quoted"):
                break
            if _at(tokens, at + 1) == "(":
                call = tokens[at].text
                break
            steps.append(Step(tokens[at].text.strip("`"), tokens[at].end))
            end, at = tokens[at].end, at + 1
        elif word == "[":
            at += 2 if _at(tokens, at + 1) == "?" else 1
            if at >= len(tokens) or tokens[at].kind != "string" or _at(tokens, at + 1) != "]":
                break
            steps.append(Step(string_value(tokens[at].text), tokens[at + 1].end))
            end, at = tokens[at + 1].end, at + 2
        else:
            break
    return Chain(tokens[i].text, tokens[i].start, end, tuple(steps), i, is_local, call)


def string_value(literal: str) -> str:
    """The text that a string literal of CEL stands for."""
    prefix = literal[: len(literal) - len(literal.lstrip("rRbB"))].lower()
    body = literal[len(prefix) :]
    width = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[width:-width]
    return body if "r" in prefix or "\\" not in body else _ESCAPE.sub(_unescaped, body)


def matching(tokens: tuple[Token, ...], i: int) -> int:
    """The index of the bracket that closes the one at `i`; the number of tokens where there is none."""
    depth = 0
    for j in range(i, len(tokens)):
        if tokens[j].text in OPENING:
            depth += 1
        elif tokens[j].text in CLOSING:
            depth -= 1
            if depth == 0:
                return j
    return len(tokens)


def opening_of(tokens: tuple[Token, ...], i: int) -> int:
    """The index of the bracket that the one at `i` closes; 0 where there is none."""
    depth = 0
    for j in range(i, -1, -1):
        if tokens[j].text in CLOSING:
            depth += 1
        elif tokens[j].text in OPENING:
            depth -= 1
            if depth == 0:
                return j
    return 0


def arguments_of(tokens: tuple[Token, ...], method: str) -> Iterator[tuple[tuple[Token, ...], ...]]:
    """The arguments of every call of a method, each as its tokens."""
    for i, token in enumerate(tokens):
        if token.text != method or _at(tokens, i - 1) != "." or _at(tokens, i + 1) != "(":
            continue
        commas, last, at = [i + 1], matching(tokens, i + 1), i + 2
        while at < last:
            if tokens[at].text == ",":
                commas.append(at)
            at = matching(tokens, at) + 1 if tokens[at].text in OPENING else at + 1
        commas.append(last)
        yield tuple(tokens[start + 1 : end] for start, end in pairwise(commas) if end > start + 1)


def _unescaped(found: re.Match[str]) -> str:
    hexadecimal = found[1] or found[2] or found[3]
    if hexadecimal or found[4]:
        code = int(hexadecimal, 16) if hexadecimal else int(found[4], 8)
        return chr(code) if code < 0x110000 else "\N{REPLACEMENT CHARACTER}"
    return _ESCAPES.get(found[5], found[5])


def _at(tokens: tuple[Token, ...], i: int) -> str:
    return tokens[i].text if 0 <= i < len(tokens) else ""


def is_field(tokens: tuple[Token, ...], i: int) -> bool:
    """Whether the name at `i` follows a dot that has something before it: `.input` alone is a root."""
    before = i - 1
    if _at(tokens, before) == "?":
        before -= 1
        return _at(tokens, before) == "." and before > 0
    if _at(tokens, before) not in (".", "?.") or before == 0:
        return False
    owner = tokens[before - 1]
    return owner.kind in ("name", "string", "number", "quoted") or owner.text in CLOSING


def scopes_of(tokens: tuple[Token, ...]) -> list[tuple[str, int, int]]:
    """The variables of macros, with the tokens between which each is known: `xs.map(x, …)`."""
    return [
        (tokens[i + 2].text, i + 2, matching(tokens, i + 1))
        for i, token in enumerate(tokens)
        if token.text in MACROS and _at(tokens, i - 1) == "." and _at(tokens, i + 1) == "(" and _at(tokens, i + 3) == ","
    ]
