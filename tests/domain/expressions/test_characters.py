"""Every text reaches an expression whole and leaves it whole: all characters, alone and in the middle of a text."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from contracts import values
from domain.expressions import program, value

CHUNK = 0x8000
WAYS_IN = {
    "a path": "input.t",
    "an item": "input.l[0]",
    "a key": "input.k.map(k, k)[0]",
    "a computed key": "[input.t].map(k, {k: 1}).map(m, m.map(k, k)[0])[0]",
    "a sum": "input.t + ''",
    "a join": "[input.t, ''].join()",
    "a format": "'%s'.format([input.t])",
    "a choice": "input.t == input.l[0] ? input.t : 'other'",
    "bytes": "string(bytes(input.t))",
    "turned round twice": "input.t.reverse().reverse()",
    "split": "input.t.split('').join()",
    "a part": "('<' + input.t + '>').substring(1, size(input.t) + 1)",
    "an optional": "input.?t.orValue('')",
}


def chunks() -> Iterator[str]:
    """All characters there are, so many at a time."""
    for start in range(0, sys.maxunicode + 1, CHUNK):
        yield "".join(chr(code) for code in range(start, min(start + CHUNK, sys.maxunicode + 1)) if not 0xD800 <= code < 0xE000)


@pytest.mark.parametrize("way", list(WAYS_IN))
def test_every_character_comes_through(way: str) -> None:
    for chunk in chunks():
        names = {"input": values.decode(values.encode({"t": chunk, "l": [chunk], "k": {chunk: 1}}))}
        assert values.decode(values.encode(program(WAYS_IN[way]).evaluate(names))) == chunk


def test_every_character_alone_differs_from_every_other() -> None:
    one, part = (
        program("[input.a == input.b, input.a in [input.b], input.a in {input.b: 1}, size(input.a)]"),
        program("input.b.contains(input.a)"),
    )
    for code in (*range(0x500), 0x2028, 0xFEFF, 0xFFFD, 0xFFFF, 0x1F600, 0x10FFFF):
        for text, other in ((chr(code), chr(code) + "\0"), (f"a{chr(code)}b", "ab"), (f"a{chr(code)}b", f"a{chr(code)}c")):
            assert one.evaluate({"input": {"a": text, "b": other}}) == [False, False, False, len(text)]
            assert one.evaluate({"input": {"a": text, "b": text}}) == [True, True, True, len(text)]
            assert part.evaluate({"input": {"a": chr(code), "b": text}}) is (chr(code) in text)


def test_a_template_holds_every_character() -> None:
    for chunk in chunks():
        names = {"input": {"t": chunk}}
        assert value("{{ input.t }}").render(names) == chunk
        assert value("<{{ input.t }}>").render(names) == f"<{chunk}>"


def test_every_character_may_be_written_in_a_source() -> None:
    for code in (*range(1, 0x300), 0x2028, 0xFEFF, 0xFFFD, 0x1F600, 0x10FFFF):
        if chr(code) not in "'\\\r\n":
            assert program(f"'a{chr(code)}b'").evaluate({}) == f"a{chr(code)}b"
        assert program(f"'\\U{code:08x}'").evaluate({}) == chr(code)
