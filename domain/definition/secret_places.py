"""The secret places of a schema: where a value holds texts that are stored sealed (`writeOnly`, or `x-refold-secret`).

A mark counts below `properties` and `items`, also behind `$ref` and `allOf`: there it does not depend on the value which schema holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from msgspec import Raw
from msgspec.json import Decoder

from contracts.errors import InvalidInput, Problem
from contracts.sealed_value import HIDDEN, SEALED, SEALED_PATTERN, SECRET_BYTES_MAX, SECRETS_MAX
from contracts.values import decode, encode
from domain.definition.input_parts import ITEMS, PLACES_MAX, Schema, Step, below_any, below_is_map, schemas_in

MARKS: Final = ("writeOnly", "x-refold-secret")
Seal = Callable[[str], str]
"""What makes a sealed value of a text."""
_fields_of: Final = Decoder(dict[str, Raw]).decode
_items_of: Final = Decoder(list[Raw]).decode
_SEALED: Final = {"type": "string", "pattern": SEALED_PATTERN}


def is_marked(part: Any) -> bool:
    """Whether this object of a schema says that its value is secret."""
    return isinstance(part, dict) and any(part.get(mark) is True for mark in MARKS)


def secret_places(schema: Any) -> SecretPlaces | None:
    """The secret places of a schema; None where it has none, which is most often so."""
    if not isinstance(schema, dict) or not any(f'"{mark}"'.encode() in encode(schema) for mark in MARKS):
        return None
    return SecretPlaces(schema)


class _Place(NamedTuple):
    """What is said of the values at a place: the parts that hold for them, and the schemas of what is below."""

    parts: list[dict[str, Any]]
    below: dict[str | None, list[Any]]

    @property
    def is_secret(self) -> bool:
        return any(map(is_marked, self.parts))


class SecretPlaces:
    """Finds the secret texts of values that a schema describes."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root, self._schema = schema, Schema(schema)
        self._known: dict[tuple[int, ...], _Place] = {}

    def sealed(self, content: bytes, seal: Seal) -> bytes:
        """The JSON with its secret texts sealed, and all else as it was written; what is sealed already, and null, stay so.

        Raises InvalidInput for a secret that is no text, one that is too long, and too many.
        """
        secrets: list[str] = []

        def made(content: bytes, pointer: str) -> bytes:
            value = decode(content)
            if value is None or (isinstance(value, str) and SEALED.fullmatch(value)):
                return content
            if not isinstance(value, str):
                raise InvalidInput([Problem(pointer, "secret", "a secret is a text; what was given is none", "write it as a text")])
            if len(content) > SECRET_BYTES_MAX:
                raise InvalidInput([Problem(pointer, "too_large", f"a secret has at most {SECRET_BYTES_MAX:,} bytes of JSON")])
            secrets.append(value)
            if len(secrets) > SECRETS_MAX:
                raise InvalidInput([Problem("", "too_many", f"a value has at most {SECRETS_MAX:,} secrets")])
            return encode(seal(value))

        return self._changed(content, self._place([self._root]), "", made)

    def texts(self, content: bytes) -> tuple[str, ...]:
        """The secret texts in the JSON. Raises InvalidInput as `sealed` does."""
        found: dict[str, None] = {}
        self.sealed(content, lambda text: found.setdefault(text) or text)
        return tuple(found)

    def _changed(self, content: bytes, place: _Place, pointer: str, made: Callable[[bytes, str], bytes]) -> bytes:
        if place.is_secret:
            return made(content, pointer)
        first = content.lstrip()[:1]
        if first == b"{" and any(name is not ITEMS for name in place.below):
            fields = _fields_of(content)
            for name, schemas in place.below.items():
                if name is not ITEMS and name in fields:
                    at = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
                    fields[name] = Raw(self._changed(bytes(fields[name]), self._place(schemas), at, made))
            return encode(fields)
        if first == b"[" and ITEMS in place.below:
            below = self._place(place.below[ITEMS])
            items = _items_of(content)
            return encode([Raw(self._changed(bytes(one), below, f"{pointer}/{at}", made)) for at, one in enumerate(items)])
        return content

    def hidden(self, given: Any) -> Any:
        """The parsed value with `•••` for each of its secrets."""
        return self._hidden(given, self._place([self._root]))

    def leads_to(self, path: Iterable[str | None]) -> bool:
        """Whether these fields, and items of lists (`ITEMS`), each below the one before it, lead to a secret."""
        place = self._place([self._root])
        for name in path:
            if place.is_secret or name not in place.below:
                break
            place = self._place(place.below[name])
        return place.is_secret

    def _hidden(self, given: Any, place: _Place) -> Any:
        if place.is_secret:
            return given if given is None else HIDDEN
        if isinstance(given, dict):
            below = place.below
            return {name: self._hidden(one, self._place(below[name])) if name in below else one for name, one in given.items()}
        if isinstance(given, list) and ITEMS in place.below:
            items = self._place(place.below[ITEMS])
            return [self._hidden(one, items) for one in given]
        return given

    def problems(self) -> Iterator[tuple[tuple[Step, ...], str, str]]:
        """Marks that do not count, or could not be kept: where, what is wrong, and what to do."""
        reached = list(islice(self._all_places(), PLACES_MAX + 1))
        if len(reached) > PLACES_MAX:
            fix = "let fewer schemas of the same field refer to themselves"
            yield (), f"the schema has more than {PLACES_MAX:,} kinds of places that could hold a secret", fix
            return
        counted = {id(part) for place in reached for part in place.parts}
        top = {id(part) for part in self._place([self._root]).parts}
        for part in self._schema.schemas():
            for mark in MARKS:
                if mark in part and not isinstance(part[mark], bool):
                    yield (*self._schema.path(part), mark), f"expected true or false, found {part[mark]!r}"[:200], "write true or false"
            if not is_marked(part):
                continue
            path = self._schema.path(part)
            if id(part) in top:
                yield path, "the whole value cannot be secret", "mark its fields"
            elif id(part) not in counted:
                fix = "mark it below `properties` or `items`, also behind `$ref` and `allOf`"
                yield path, "a secret cannot be told here: it would depend on the value whether it is one", fix
        for place in reached:
            if place.is_secret:
                yield from self._unfit(place)

    def _unfit(self, place: _Place) -> Iterator[tuple[tuple[Step, ...], str, str]]:
        path = self._schema.path(next(part for part in place.parts if is_marked(part)))
        if not any(part.get("type") in ("string", ["string", "null"], ["null", "string"]) for part in place.parts):
            yield path, "a secret is a text", "write `type: string`, and mark the fields of an object by themselves"
        if any("default" in part for part in place.parts):
            yield (*path, "default"), "the default of a secret would stand in the definition for all to read", "remove `default`"

    def _all_places(self) -> Iterator[_Place]:
        seen: set[int] = set()
        waiting = deque([self._place([self._root])])
        while waiting:
            place = waiting.popleft()
            if id(place) not in seen:
                seen.add(id(place))
                yield place
                waiting.extend(map(self._place, place.below.values()))

    def _place(self, schemas: list[Any]) -> _Place:
        key = tuple(map(id, schemas))
        place = self._known.get(key)
        if place is None:
            parts = self._schema.for_any(schemas)
            place = self._known[key] = _Place(parts, below_any(parts))
        return place


def bearing_sealed(schema: Any, is_map: bool = False) -> Any:
    """The schema with which a sealed value fits wherever a secret does; the same in all else."""
    if isinstance(schema, list):
        return [bearing_sealed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = schema | {key: bearing_sealed(one, below_is_map(key, is_map)) for key, one in schemas_in(schema, is_map)}
    return {"anyOf": [inner, _SEALED]} if is_marked(schema) and not is_map else inner
