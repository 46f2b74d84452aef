"""What is compared: no key and no search value may be made of a secret, which is stored as another text for each execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from domain.definition.input_parts import ITEMS
from domain.definition.secret_places import SecretPlaces
from domain.expressions.tree import Bind, Call, Has, Index, Literal, Macro, Name, Node, Select, children

_Way: TypeAlias = tuple[str | None, ...]
"""The way through the input that a path takes: fields by their names, items of whatever number as `ITEMS`."""
_Variables: TypeAlias = Mapping[str, _Way | None]
"""What variables of macros stand for; None for what is no part of the input."""
_COUNTS: Final = "size"
"""Asks how much there is, which tells nothing of what it is."""


def secrets_read(node: Node, places: SecretPlaces) -> list[str]:
    """The secrets of the input that an expression reads, as they are written. Whether they are there, and how many, may be asked."""
    return list(dict.fromkeys(_read(node, places, {})))


def _read(node: Node, places: SecretPlaces, variables: _Variables) -> Iterator[str]:
    if isinstance(node, Call) and node.name == _COUNTS:
        for one in children(node):
            yield from _on_the_way(one, places, variables)
    elif isinstance(node, Name | Select | Index):
        way = _way(node, variables)
        if way is not None and (places.leads_to(way) or places.leads_to((*way, ITEMS))):
            yield "input" + "".join("[…]" if step is ITEMS else f".{step}" for step in way)
        yield from _on_the_way(node, places, variables)
    elif isinstance(node, Has):
        yield from _on_the_way(node, places, variables)
    elif isinstance(node, Macro | Bind):
        yield from _with_variables(node, places, variables)
    else:
        for one in children(node):
            yield from _read(one, places, variables)


def _with_variables(node: Macro | Bind, places: SecretPlaces, variables: _Variables) -> Iterator[str]:
    """The last variable of a macro is an item, those before it are its number."""
    of, *inside = children(node)
    way = _way(of, variables)
    if isinstance(node, Bind):
        own: dict[str, _Way | None] = {node.variable: way}
    else:
        own = dict.fromkeys(node.variables) | {node.variables[-1]: None if way is None else (*way, ITEMS)}
    yield from _on_the_way(of, places, variables) if way is not None else _read(of, places, variables)
    for one in inside:
        yield from _read(one, places, {**variables, **own})


def _on_the_way(node: Node, places: SecretPlaces, variables: _Variables) -> Iterator[str]:
    """What is read to come to a place, as the key in `input.rows[input.key].name`, and not what is there."""
    while isinstance(node, Select | Has | Index):
        if isinstance(node, Index):
            yield from _read(node.key, places, variables)
        node = node.owner
    if not isinstance(node, Name):
        yield from _read(node, places, variables)


def _way(node: Node, variables: _Variables) -> _Way | None:
    """The way of a path; None for one that does not begin with the input, and for what is none."""
    steps: list[str | None] = []
    while isinstance(node, Select | Index):
        if isinstance(node, Select):
            steps.append(node.name)
        else:
            steps.append(node.key.value if isinstance(node.key, Literal) and isinstance(node.key.value, str) else ITEMS)
        node = node.owner
    if not isinstance(node, Name):
        return None
    begins: _Way | None = () if node.name == "input" else None
    if not node.is_root and node.name in variables:
        begins = variables[node.name]
    return None if begins is None else (*begins, *reversed(steps))
