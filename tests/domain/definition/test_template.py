"""Templates: what stands in the comments at the top of a definition, and which values are to be filled in."""

from __future__ import annotations

import pytest

from domain.definition.document import parse_document
from domain.definition.template import BadTemplate, read_template

TEXT = """\
# Why there is this.
# template:
#   title: Tell somebody
#   tags: [people]
#   holes:
#     who: {at: "nodes[tell].config.to[0]", title: Whom}
#     limit: {at: variables.limit, minimum: 1}
#     loud: {at: "nodes[tell].config.loud"}
#
# How to run it.
name: tell_somebody
variables: {limit: 10000.0}
nodes:
  - {id: first, type: noop}
  - {id: tell, type: tell, config: {to: [ada, bob], loud: true}}   # the second
"""


def test_what_it_says_is_read_and_is_no_part_of_its_text() -> None:
    found = read_template(TEXT.encode(), "yaml")
    assert (found.name, found.title, found.tags, found.description) == ("tell_somebody", "Tell somebody", ["people"], "")
    assert [(hole.name, hole.at, hole.schema) for hole in found.holes] == [
        ("who", ["nodes", 1, "config", "to", 0], {"title": "Whom", "type": "string", "default": "ada"}),
        ("limit", ["variables", "limit"], {"title": "limit", "type": "number", "minimum": 1, "default": 10000.0}),
        ("loud", ["nodes", 1, "config", "loud"], {"title": "loud", "type": "boolean", "default": True}),
    ]
    assert found.text.startswith("# Why there is this.\n# How to run it.\nname: tell_somebody\n")
    assert parse_document(found.text) == parse_document(TEXT)


def test_a_definition_that_says_nothing_of_it_is_one_too() -> None:
    text = "name: a_b\ndescription: What it does.\ntags: [x]\nnodes: []\n# template:\n#   title: too late\n"
    found = read_template(text.encode(), "yaml")
    assert (found.title, found.description, found.tags, found.holes, found.text) == ("A b", "What it does.", ["x"], [], text)
    assert read_template(b'{"name": "x", "nodes": []}', "json").title == "X"


def test_lines_may_end_as_on_windows() -> None:
    found = read_template(TEXT.replace("\n", "\r\n").encode(), "yaml")
    assert ([hole.name for hole in found.holes], found.text.count("template:")) == (["who", "limit", "loud"], 0)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("variables.limit", "variables.nobody", "template.holes.limit: `variables.nobody` is not in the definition; there is no `nobody`"),
        ("nodes[tell].config.to[0]", "nodes[tell].config.to[7]", "there is no `7`"),
        ("nodes[tell].config.to[0]", "nodes[tell]..to", "`nodes[tell]..to` is no path"),
        ("at: variables.limit, ", "", "template.holes.limit: expected `at`"),
        ("title: Whom", "title: Whom, too", "template.holes.who: `too` has no value; a text with a comma in it needs quotes"),
        ("title: Tell somebody", "titel: Tell somebody", "template.titel: Extra inputs are not permitted"),
        ("title: Tell somebody", "title: [", "expected"),
        ("name: tell_somebody", "title: tell_somebody", "it is no definition: expected `name` and `nodes`"),
        ("nodes:\n", "nodes: {\n", "the file: "),
    ],
)
def test_what_is_wrong_with_one_is_said(before: str, after: str, said: str) -> None:
    assert before in TEXT
    with pytest.raises(BadTemplate) as raised:
        read_template(TEXT.replace(before, after, 1).encode(), "yaml")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "odd", [b"", b"\xff\xfe", b"7", b"name: x", b"name: 7\nnodes: []", b"# template:\nname: x\nnodes: 7", b"a: &a [*a]"]
)
def test_no_file_holds_it_up(odd: bytes) -> None:
    with pytest.raises(BadTemplate):
        read_template(odd, "yaml")
    assert read_template(b"# template:\nname: x\nnodes: []", "yaml").holes == []
