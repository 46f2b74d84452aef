"""Patches of a definition's text: as small as can be, so that comments and layout stay as their writer left them.

    a rule sets a field of a node      the field's text is put in or replaced where it stands
    a model says find and replace      each text to find stands in the definition exactly once

The outcome is read again by whoever applies it: what a splice would make of anchors and the like, the comparison with what was meant says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import yaml

from domain.definition.document import Syntax, parse_document
from domain.execution.paths import plain_path

EDITS_MAX: Final = 20
"""So many places one suggestion may change."""


class CannotPatch(ValueError):
    """The text cannot be changed so; the message says why."""


class TextEdit(NamedTuple):
    """A text that stands in the definition exactly once, and what is to stand there."""

    find: str
    replace: str


class FieldEdit(NamedTuple):
    """A field of a node, or with an empty path of the workflow's `settings`, and its new value; a map is merged into the one there."""

    node: str
    field: str
    value: Any


def replaced(text: str, edits: Sequence[TextEdit]) -> str:
    """The text with each edit made. Raises CannotPatch for what is not there, or there more than once."""
    if len(edits) > EDITS_MAX:
        raise CannotPatch(f"{len(edits)} places are to be changed; {EDITS_MAX} are the most")
    for edit in edits:
        count = text.count(edit.find) if edit.find else 0
        if count != 1:
            raise CannotPatch(f"expected a text that stands in the definition once, found {edit.find[:200]!r} {count} times")
        text = text.replace(edit.find, edit.replace)
    return text


def with_field(text: str, syntax: Syntax, edit: FieldEdit) -> str:
    """The text with a field set. Raises CannotPatch where there is no such node, or its text cannot be spliced."""
    document = parse_document(text, syntax)
    meant = json.loads(json.dumps(document))  # what is written once and meant twice is two values here
    holder = _holder(meant, edit.node)
    before = holder.get(edit.field)
    holder[edit.field] = {**before, **edit.value} if isinstance(before, dict) and isinstance(edit.value, dict) else edit.value
    try:
        root = yaml.compose(text.removeprefix("\ufeff"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise CannotPatch(f"the text cannot be changed in place: {str(error).splitlines()[0]}") from None
    shift = len(text) - len(text.removeprefix("\ufeff"))
    spliced = text
    splices = sorted(_splices(text[shift:], _holder_node(root, document, edit.node), edit.field, edit.value, syntax), reverse=True)
    for start, end, put in splices:
        spliced = spliced[: start + shift] + put + spliced[end + shift :]
    if not _says(spliced, syntax, meant):
        raise CannotPatch(f"`{edit.field}` of {edit.node or 'settings'} cannot be set in the text as it is written")
    return spliced


def node_at(document: Any, path: str) -> dict[str, Any] | None:
    """The node of a definition that a path names; None where there is none."""
    keys = _way(document, path)
    return None if keys is None else _inside(document, keys)


def place_in(document: Any, path: str) -> str | None:
    """The path of the node that a run is of, without iterations; of what a node has made of itself (a turn of an agent) the node."""
    place = plain_path(path)
    while place and node_at(document, place) is None:
        place = place.rpartition("/")[0]
    return place or None


# Where a node stands.


def _holder(document: Any, path: str) -> dict[str, Any]:
    if not path:
        settings: dict[str, Any] = document.setdefault("settings", {})
        return settings
    found = node_at(document, path)
    if found is None:
        raise CannotPatch(f"the definition has no node {path}")
    return found


def _inside(value: Any, keys: Sequence[str | int]) -> Any:
    for key in keys:
        value = value[key]
    return value


def _way(document: Any, path: str) -> list[str | int] | None:
    """The keys that lead to a node, by its path without iterations: `fan.left/n`, `per_year/compute`, `guard.catch/n`."""
    keys: list[str | int] = []
    body = document
    if path.startswith("settings.on_error/"):
        keys, path = ["settings", "on_error"], path.removeprefix("settings.on_error/")
        body = _get(document, keys)
    *around, last = path.split("/")
    for step in around:
        name, _, label = step.partition(".")
        found = _index_of(body, name)
        bodies = [] if found is None else list(_bodies(body["nodes"][found], label))
        inner = next((keys_in for keys_in in bodies if _get(body["nodes"][found], keys_in) is not None), None)
        if found is None or inner is None:
            return None
        keys += ["nodes", found, *inner]
        body = _get(body["nodes"][found], inner)
    at = _index_of(body, last.partition(".")[0])
    return None if at is None else [*keys, "nodes", at]


def _get(value: Any, keys: Sequence[str | int]) -> Any:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _bodies(node: Mapping[str, Any], label: str) -> Iterator[list[str | int]]:
    """Where the body of a label may stand in a container."""
    yield ["config", "branches", label]
    yield ["config", label or "body"]
    name, bracket, number = label.partition("[")
    if bracket and number.rstrip("]").isdecimal():
        yield ["config", name, int(number.rstrip("]")), "body"]
    yield ["config", "body"]


def _index_of(body: Any, name: str) -> int | None:
    nodes = body.get("nodes") if isinstance(body, dict) else None
    if not isinstance(nodes, list):
        return None
    return next((index for index, one in enumerate(nodes) if isinstance(one, dict) and one.get("id") == name), None)


# The text of a field.


def _holder_node(root: Any, document: Any, path: str) -> Any:
    """The mapping in the composed text; the root itself where `settings` are to be put in anew."""
    keys = ["settings"] if not path else _way(document, path)
    assert keys is not None, "the holder was found in the document"
    node = root
    for key in keys:
        found = node.value[key] if isinstance(key, int) else next((value for name, value in node.value if name.value == key), None)
        if found is None:
            return root
        node = found
    return node


def _splices(text: str, node: Any, field: str, value: Any, syntax: Syntax) -> Iterator[tuple[int, int, str]]:
    """The places to change: start, end, and what is put there."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise CannotPatch("the text cannot be changed in place: what is to be changed is no map with fields")
    names = {name.value for name, _ in node.value}
    if not ({"id", "type"} & names) and "nodes" in names:  # the root: there are no settings yet
        field, value = "settings", {field: value}
    there = next((found for name, found in node.value if name.value == field), None)
    if there is None:
        yield _put_in(text, node, f"{_name(field, syntax)}: {_flow(value, syntax)}")
    elif isinstance(there, yaml.MappingNode) and isinstance(value, dict) and there.value:
        for name, inner in value.items():
            yield from _splices(text, there, name, inner, syntax)
    elif isinstance(there, yaml.ScalarNode) or there.flow_style:
        yield there.start_mark.index, there.end_mark.index, _flow(value, syntax)
    else:
        raise CannotPatch(f"`{field}` is written over several lines")


def _put_in(text: str, node: Any, entry: str) -> tuple[int, int, str]:
    """A further field of a map, behind one that stands in a single line: that of its `type`, if it has one."""
    plain = [
        (name, value) for name, value in node.value if isinstance(value, yaml.ScalarNode) and value.start_mark.line == value.end_mark.line
    ]
    anchor = next((one for one in plain if one[0].value == "type"), plain[-1] if plain else None)
    if node.flow_style:
        last = anchor or node.value[0]
        at = last[1].end_mark.index
        return at, at, f", {entry}"
    if anchor is None:
        at = node.value[0][0].start_mark.index
        return at, at, f"{entry}\n{' ' * node.value[0][0].start_mark.column}"
    at = text.find("\n", anchor[1].end_mark.index)
    at = len(text) if at < 0 else at
    return at, at, f"\n{' ' * anchor[0].start_mark.column}{entry}"


def _name(name: str, syntax: Syntax) -> str:
    return json.dumps(name) if syntax == "json" else name


def _flow(value: Any, syntax: Syntax) -> str:
    """A value in one line."""
    if syntax == "json":
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(one, syntax)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, syntax) for one in value) + "]"
    if isinstance(value, str) and value.replace("_", "").replace(".", "").isalnum() and not value[0].isdecimal():
        return json.dumps(value) if value in ("true", "false", "null", "yes", "no", "on", "off") else value
    if isinstance(value, str) and value.isalnum() and not value.isdecimal():  # a duration: `30s`
        return value
    return json.dumps(value)


def _says(text: str, syntax: Syntax, meant: Any) -> bool:
    try:
        return bool(parse_document(text, syntax) == meant)
    except Exception:  # whatever came of it is not what was meant
        return False
