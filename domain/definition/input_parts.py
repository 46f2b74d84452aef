"""The parts of an input's schema: to which of them one value may be held at once, so that a check has a bound.

    a schema ──► all parts for the value itself ──► for each place below it, all parts that may meet there ──► …

A validator takes time in proportion to the size of a value times the parts that meet at one place. References that lead
back to where they come from are told: to hold a value to them twice at each level doubles with each level.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, takewhile
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote, urljoin

PARTS_MAX: Final = 1_000
"""To so many parts of a schema one value may be held."""
PLACES_MAX: Final = 5_000
"""So many kinds of places a schema may tell apart."""

_SAME_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SAME: Final = ("not", "if", "then", "else")
_ANY_FIELD: Final = ("additionalProperties", "unevaluatedProperties")
_ANY_ITEM: Final = ("items", "contains", "unevaluatedItems")
_VALUES: Final = frozenset({"const", "enum", "default", "examples"})
"""Keywords that hold values, not schemas."""
_MAPS: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Keywords that hold schemas by names, which may be those of keywords."""

ITEMS: Final = None
"""Stands for the items of a list, where else the name of a field stands."""
Step: TypeAlias = "str | int"


class Part(NamedTuple):
    """An object in a schema: its path, itself, how deep it stands, and the `$id` that its references are relative to.

    One that `is_map` holds schemas by names, and is none itself.
    """

    path: tuple[Step, ...]
    schema: dict[str, Any]
    depth: int
    base: str
    is_map: bool = False


class Width(NamedTuple):
    """To how many parts one value may be held, and whether the same part may be reached twice through a circle."""

    parts: int
    doubles: bool


class Endless(Exception):
    """A reference leads back to itself without going into the value; `path` is where it stands."""

    def __init__(self, path: tuple[Step, ...]) -> None:
        super().__init__()
        self.path = path


class TooWide(Exception):
    """One value would be held to more than `PARTS_MAX` parts, or the schema has too many kinds of places."""


def parts_of(schema: Any) -> Iterator[Part]:
    """Every object in the schema."""
    waiting: list[tuple[tuple[Step, ...], Any, int, str, bool]] = [((), schema, 0, "", False)]
    while waiting:
        path, one, depth, base, is_map = waiting.pop()
        if isinstance(one, dict):
            own = one.get("$id")
            base = _under(base, own) if isinstance(own, str) else base
            yield Part(path, one, depth, base, is_map)
            waiting.extend(((*path, key), item, depth + 1, base, below_is_map(key, is_map)) for key, item in schemas_in(one, is_map))
        elif isinstance(one, list):
            waiting.extend(((*path, index), item, depth + 1, base, False) for index, item in enumerate(one))


def schemas_in(part: dict[str, Any], is_map: bool) -> Iterator[tuple[str, Any]]:
    """What an object of a schema holds, without mere values."""
    return ((key, item) for key, item in part.items() if is_map or key not in _VALUES)


def below_is_map(key: str, is_map: bool) -> bool:
    """Whether what stands there in an object of a schema holds schemas by names."""
    return not is_map and key in _MAPS


class Schema:
    """A schema whose references can be followed."""

    def __init__(self, schema: Any) -> None:
        self._parts: dict[int, Part] = {id(part.schema): part for part in parts_of(schema)}
        self._roots: dict[str, Any] = {"": schema}
        self._anchors: dict[tuple[str, str], Any] = {}
        for part in self._parts.values():
            if isinstance(part.schema.get("$id"), str):
                self._roots.setdefault(part.base, part.schema)
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(name := part.schema.get(keyword), str):
                    self._anchors.setdefault((part.base, name), part.schema)

    def target(self, part: dict[str, Any], keyword: str) -> Any:
        """What `$ref` or `$dynamicRef` of the part refers to; None where that is nothing here."""
        reference = part.get(keyword)
        if not isinstance(reference, str):
            return None
        base = self._parts[id(part)].base
        where, _, fragment = _under(base, reference).partition("#") if not reference.startswith("#") else (base, "", reference[1:])
        root = self._roots.get(where)
        if root is None or not fragment:
            return root
        return _at(root, fragment) if fragment.startswith("/") else self._anchors.get((where, fragment))

    def width(self) -> Width:
        """Raises Endless or TooWide."""
        return _Walk(self).width(self._roots[""])

    def schemas(self) -> Iterator[dict[str, Any]]:
        """All schemas in it that are objects."""
        return (part.schema for part in self._parts.values() if not part.is_map)

    def is_map(self, part: dict[str, Any]) -> bool:
        """Whether the part holds schemas by names, and is none itself."""
        return self._parts[id(part)].is_map

    def path(self, part: dict[str, Any]) -> tuple[Step, ...]:
        """Where the part stands."""
        return self._parts[id(part)].path

    def followed(self, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The objects that the part's references lead to."""
        for keyword in ("$ref", "$dynamicRef"):
            target = self.target(part, keyword)
            if isinstance(target, dict):
                yield target

    def for_any(self, schemas: Iterable[Any]) -> list[dict[str, Any]]:
        """The schemas that hold for a value whatever it is: these, and what they refer to and are made of."""
        met: dict[int, dict[str, Any]] = {}
        waiting = deque(schemas)
        while waiting:
            one = waiting.popleft()
            if isinstance(one, dict) and id(one) not in met:
                met[id(one)] = one
                waiting.extend((*self.followed(one), *(one["allOf"] if isinstance(one.get("allOf"), list) else ())))
        return list(met.values())


def below_any(parts: Iterable[dict[str, Any]]) -> dict[str | None, list[Any]]:
    """What these say of the fields, and of the `ITEMS`, of a value whatever it is."""
    below: dict[str | None, list[Any]] = {}
    for part in parts:
        for name, schema in _map(part, "properties"):
            below.setdefault(name, []).append(schema)
        if isinstance(part.get("items"), dict):
            below.setdefault(ITEMS, []).append(part["items"])
    return below


def _under(base: str, reference: str) -> str:
    """The reference, relative to the base; what is no URL by itself."""
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def _at(root: Any, pointer: str) -> Any:
    value = root
    for step in unquote(pointer).split("/")[1:]:
        key = re.sub(r"~1", "/", step).replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


class _Walk:
    """Goes through the kinds of places that a schema tells apart, each once."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._doubles = False
        self._circles: set[int] = set()

    def width(self, root: Any) -> Width:
        self._circles = _in_circles(root, self._schema)
        widest, seen = 0, set[tuple[int, ...]]()
        waiting = [[root]]
        while waiting:
            given = waiting.pop()
            key = tuple(sorted(id(one) for one in given))
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > PLACES_MAX:
                raise TooWide
            met = self._all_for_the_same(given)
            widest = max(widest, len(met))
            waiting.extend(_below(met))
        return Width(widest, self._doubles)

    def _all_for_the_same(self, given: list[Any]) -> list[dict[str, Any]]:
        """The parts that hold for a value that these hold for. What a circle leads to counts once: a validator knows it again."""
        met: list[dict[str, Any]] = []
        known: set[int] = set()
        waiting: list[tuple[Any, frozenset[int]]] = [(one, frozenset()) for one in given]
        while waiting:
            one, above = waiting.pop()
            if not isinstance(one, dict):
                continue
            if id(one) in above:
                raise Endless(self._schema.path(one))
            if id(one) in self._circles:
                if id(one) in known:
                    self._doubles = True
                    continue
                known.add(id(one))
            met.append(one)
            if len(met) > PARTS_MAX:
                raise TooWide
            inner = above | {id(one)}
            waiting.extend((part, inner) for part in (*_same(one), *self._schema.followed(one)))
        return met


def _direct(part: dict[str, Any], is_map: bool) -> Iterator[dict[str, Any]]:
    """The objects below this one that no other object holds; `$defs` are reached by references only."""
    waiting = [value for key, value in schemas_in(part, is_map) if is_map or key not in ("$defs", "definitions")]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
        elif isinstance(one, list):
            waiting.extend(one)


def _in_circles(root: Any, schema: Schema) -> set[int]:
    """The parts that can be reached from themselves: the strongly connected ones (Tarjan, 1972), without recursion."""
    lowest: dict[int, int] = {}
    open_: dict[int, int] = {}
    circles: set[int] = set()
    way: list[tuple[dict[str, Any], int, Iterator[dict[str, Any]]]] = []

    def enter(part: dict[str, Any]) -> None:
        number = len(lowest)
        lowest[id(part)] = open_[id(part)] = number
        way.append((part, number, chain(_direct(part, schema.is_map(part)), schema.followed(part))))

    if isinstance(root, dict):
        enter(root)
    while way:
        part, number, inner = way[-1]
        one = next(inner, None)
        if one is not None:
            if id(one) not in lowest:
                enter(one)
            elif id(one) in open_:
                lowest[id(part)] = min(lowest[id(part)], open_[id(one)])
                circles.update([id(one)] if one is part else ())
            continue
        way.pop()
        if way:
            above = id(way[-1][0])
            lowest[above] = min(lowest[above], lowest[id(part)])
        if lowest[id(part)] == number:
            together = _closed(open_, number)
            circles.update(together if len(together) > 1 else ())
    return circles


def _closed(open_: dict[int, int], number: int) -> list[int]:
    """Take out those that were entered since."""
    together = [each for each, _ in takewhile(lambda entry: entry[1] >= number, reversed(open_.items()))]
    for each in together:
        del open_[each]
    return together


def _same(part: dict[str, Any]) -> Iterator[Any]:
    """The schemas that hold for the same value as this one."""
    for keyword in _SAME_LISTS:
        yield from part[keyword] if isinstance(part.get(keyword), list) else ()
    for keyword in _SAME:
        yield part.get(keyword)
    dependent = part.get("dependentSchemas")
    yield from dependent.values() if isinstance(dependent, dict) else ()


def _below(met: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """For each kind of place below a value the schemas that may meet there."""
    fields: dict[str, list[Any]] = {}
    any_field: list[Any] = []
    places: dict[int, list[Any]] = {}
    any_item: list[Any] = []
    names: list[Any] = []
    for part in met:
        for name, schema in _map(part, "properties"):
            fields.setdefault(name, []).append(schema)
        any_field += [schema for _, schema in _map(part, "patternProperties")]
        any_field += [part[keyword] for keyword in _ANY_FIELD if keyword in part]
        any_item += [part[keyword] for keyword in _ANY_ITEM if keyword in part]
        names += [part["propertyNames"]] if "propertyNames" in part else []
        prefix = part.get("prefixItems")
        for index, schema in enumerate(prefix if isinstance(prefix, list) else ()):
            places.setdefault(index, []).append(schema)
    yield from (own + any_field for own in fields.values())
    yield from (own + any_item for own in places.values())
    yield from (some for some in (any_field, any_item, names) if some)


def _map(part: dict[str, Any], keyword: str) -> list[tuple[str, Any]]:
    value = part.get(keyword)
    return list(value.items()) if isinstance(value, dict) else []
