"""What an expression reads is known before anything is evaluated."""

from __future__ import annotations

import pytest

from domain.expressions import Reference, program
from domain.expressions.tokens import literal_value, tokens_of


def paths(source: str) -> list[str]:
    return [".".join((reference.root, *reference.path)) for reference in program(source).references]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("nodes.charge.output.id", ["nodes.charge.output.id"]),
        ('nodes["charge"].output', ["nodes.charge.output"]),
        ("nodes.?charge.?output", ["nodes.charge.output"]),
        ('nodes[?"charge"].output', ["nodes.charge.output"]),
        ("has(nodes.a.output)", ["nodes.a.output"]),
        ("nodes", ["nodes"]),
        ("nodes[input.x].output", ["nodes", "input.x"]),
        ("input.items[0].price", ["input.items"]),
        ("input.items.size() > vars.n", ["input.items", "vars.n"]),
        ("input.items.map(x, x.input)", ["input.items"]),
        ("input.items.map(item, item.price)", ["input.items"]),
        ("input.items.map(item, item.price) == item.all", ["input.items", "item.all"]),
        ("input.items.exists(x, x.id == nodes.a.output.id)", ["input.items", "nodes.a.output.id"]),
        ("{'input': 1, 'k': data.v}", ["data.v"]),
        ("{input: 1}", ["input"]),
        ("'input.a' + \"nodes.b\" + r'\\' + data.c", ["data.c"]),
        ("'''input.a''' + b'nodes.b'", []),
        ("1 // input.a\n + vars.b", ["vars.b"]),
        (".input.a", ["input.a"]),
        ("order.input.a", []),
        ("input .\n a", ["input.a"]),
        ("a ? input.b : data.c", ["input.b", "data.c"]),
        ("input.`a-b`.c", ["input.a-b.c"]),
        ("-input.a + !vars.b", ["input.a", "vars.b"]),
        ("[input.a][0].nodes", ["input.a"]),
        ("((((", []),
        ("'unclosed + input.a", []),
        ("cel.bind(input, data.a, input.b) + input.c", ["data.a", "input.c"]),
        ("input.m.exists(k, v, k == data.k && v == vars.v)", ["input.m", "data.k", "vars.v"]),
        ("input.a[data.i][vars.j].b", ["input.a", "data.i", "vars.j"]),
        ("input.l.map(input, .input.a)", ["input.l", "input.a"]),
    ],
)
def test_references_are_the_constant_paths_of_known_roots(source: str, expected: list[str]) -> None:
    assert paths(source) == expected


def test_a_reference_says_where_it_stands() -> None:
    assert program("1 + nodes.charge.output").references == (Reference("nodes", ("charge", "output"), 4),)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("'a'", "a"),
        ('"a\\"b"', 'a"b'),
        ("r'a\\n'", "a\\n"),
        ("'a\\n\\u00e9\\x41\\101'", "a\néAA"),
        ("'''it's'''", "it's"),
        ("''", ""),
        ('""""""', ""),
    ],
)
def test_a_string_literal_stands_for_its_text(literal: str, text: str) -> None:
    assert literal_value(literal) == text


def test_tokens_and_blanks_make_up_the_whole_source() -> None:
    source = "input.a>=1.5e3&&b'x' in [\"}}\"] // done\n||@"
    assert [source[token.start : token.end] for token in tokens_of(source)] == [token.text for token in tokens_of(source)]
    assert "".join(token.text for token in tokens_of(source)) == "input.a>=1.5e3&&b'x'in[\"}}\"]||@"
