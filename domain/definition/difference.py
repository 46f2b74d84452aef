"""What is different between two versions of a definition: nodes by their ids, edges by their ends, all else by its place.

There is no change exactly when the two say the same: `1` and `1.0` differ, as they do in expressions, and so does the order of
lists and maps where it was changed, since nodes begin in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from domain.definition.findings import joined
from domain.definition.layout import without_layout

What: TypeAlias = Literal["node", "edge", "workflow"]
_NOTHING: Final = object()
_FIRST: Final = ("node", "edge", "workflow")


class Change(NamedTuple):
    """One difference: of a node or edge of this id, or of the workflow. `path` says where, `before` and `after` what stands there.

    `nodes[greet].config.url`: lists of nodes and edges are named by id. `reordered` tells the order of what both have.
    """

    change: Literal["added", "removed", "changed", "reordered"]
    what: What
    id: str
    path: str
    before: Any = None
    after: Any = None


class _Place(NamedTuple):
    """Where one is: the innermost node or edge, and the path."""

    what: What = "workflow"
    id: str = ""
    path: str = ""

    def below(self, part: str | int) -> _Place:
        return self._replace(path=joined(self.path, part))

    def of(self, what: What, id_: str) -> _Place:
        return _Place(what, id_, f"{self.path}[{id_}]")


def changes_between(before: bytes, after: bytes, layout: bool = True) -> list[Change]:
    """The differences between two definitions in their canonical form: nodes first, then edges, then all else.

    Without `layout` it is not told where nodes stand in a picture.
    """
    read = json.loads if layout else without_layout
    return sorted(_changes(_Place(), read(before), read(after)), key=lambda change: _FIRST.index(change.what))


def _changes(place: _Place, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_maps(place, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(place, before, after)
    elif before is _NOTHING:
        yield Change("added", *place, after=after)
    elif after is _NOTHING:
        yield Change("removed", *place, before=before)
    elif not _is_same(before, after):
        yield Change("changed", *place, before, after)


def _is_same(before: Any, after: Any) -> bool:
    """Two values that are not both maps or both lists: whether they are written in the same way."""
    return type(before) is type(after) and (before == after if isinstance(before, str) else repr(before) == repr(after))


def _of_maps(place: _Place, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for key in (*before, *(key for key in after if key not in before)):
        yield from _changes(place.below(key), before.get(key, _NOTHING), after.get(key, _NOTHING))
    yield from _order(place, list(before), list(after))


def _of_lists(place: _Place, before: list[Any], after: list[Any]) -> Iterator[Change]:
    for what, ids in (("node", _node_ids), ("edge", _edge_ids)):
        old, new = ids(before), ids(after)
        if old is not None and new is not None and (old or new):
            yield from _of_named(place, what, dict(zip(old, before, strict=True)), dict(zip(new, after, strict=True)))  # type: ignore[arg-type]  # a literal
            return
    for index in range(max(len(before), len(after))):
        old_item = before[index] if index < len(before) else _NOTHING
        new_item = after[index] if index < len(after) else _NOTHING
        yield from _changes(place.below(index), old_item, new_item)


def _of_named(place: _Place, what: What, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for id_ in (*before, *(id_ for id_ in after if id_ not in before)):
        yield from _changes(place.of(what, id_), before.get(id_, _NOTHING), after.get(id_, _NOTHING))
    yield from _order(place, list(before), list(after))


def _order(place: _Place, before: list[str], after: list[str]) -> Iterator[Change]:
    common = set(before).intersection(after)
    old, new = [one for one in before if one in common], [one for one in after if one in common]
    if old != new:
        yield Change("reordered", *place, old, new)


def _node_ids(items: list[Any]) -> list[str] | None:
    """The ids of what may be nodes; None where not each has one of its own."""
    ids = [item.get("id") if isinstance(item, dict) else None for item in items]
    names = [one for one in ids if isinstance(one, str)]
    return names if len(set(names)) == len(items) else None


def _edge_ids(items: list[Any]) -> list[str] | None:
    """Names for what may be edges; None where not each has two ends. Edges that go the same way are counted."""
    counts: Counter[str] = Counter()
    names = []
    for item in items:
        ends = (item.get("from"), item.get("to")) if isinstance(item, dict) else (None, None)
        if not all(isinstance(end, str) for end in ends):
            return None
        type_ = item.get("type", "main")
        name = f"{ends[0]} -> {ends[1]}" + ("" if type_ == "main" else f" ({type_})")
        counts[name] += 1
        names.append(name if counts[name] == 1 else f"{name} #{counts[name]}")
    return names if len(set(names)) == len(items) else None
