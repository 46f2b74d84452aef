"""Reading parts of values: fields, keys and items, and whether they are there."""

from __future__ import annotations

from typing import Any

from domain.expressions.faults import Fault, Meter
from domain.expressions.values import COMPARED_CHARS, NONE, NUMBERS, Optional, bare, key_of, kind_of


def select(owner: Any, name: str) -> Any:
    """`owner.name`; of an optional an optional."""
    if type(owner) is dict:
        if name in owner:
            return owner[name]
        raise Fault("no_key", owner, name)
    if type(owner) is Optional:
        return select_optional(owner, name)
    raise Fault("no_fields", kind_of(owner), name)


def select_optional(owner: Any, name: str) -> Optional:
    """`owner.?name`: an optional, empty where the key or the owner is missing or the owner is null."""
    if type(owner) is Optional:
        if not owner.is_there:
            return NONE
        owner = owner.value
    if type(owner) is dict:
        return Optional(owner[name]) if name in owner else NONE
    if owner is None:
        return NONE
    raise Fault("not_optional", kind_of(owner))


def has(owner: Any, name: str) -> bool:
    """`has(owner.name)`: whether the key is there; null and an empty optional have none."""
    if type(owner) is Optional:
        owner = owner.value
    if type(owner) is dict:
        return name in owner
    if owner is None:
        return False
    raise Fault("no_fields", kind_of(owner), name)


def index(meter: Meter, owner: Any, key: Any) -> Any:
    """`owner[key]`: an item of a list, the value of a key; of an optional an optional."""
    if type(owner) is dict:
        found = _key(meter, key)
        if found in owner:
            return owner[found]
        raise Fault("no_key", owner, key)
    if type(owner) is list:
        at = _position(key)
        if 0 <= at < len(owner):
            return owner[at]
        raise Fault("no_item", at, len(owner))
    if type(owner) is Optional:
        return index_optional(meter, owner, key)
    raise Fault("not_indexed", kind_of(owner))


def index_optional(meter: Meter, owner: Any, key: Any) -> Optional:
    """`owner[?key]`: an optional, empty where the item or the owner is missing, the owner is null, or the key can be none."""
    if type(owner) is Optional:
        if not owner.is_there:
            return NONE
        owner = owner.value
    if type(owner) is dict:
        if type(key) not in NUMBERS and type(key) is not str and type(key) is not bool:
            return NONE
        found = _key(meter, key)
        return Optional(owner[found]) if found in owner else NONE
    if type(owner) is list:
        at = _position(key)
        return Optional(owner[at]) if 0 <= at < len(owner) else NONE
    if owner is None:
        return NONE
    raise Fault("not_optional", kind_of(owner))


def _key(meter: Meter, key: Any) -> Any:
    if type(key) is str:
        if len(key) >= COMPARED_CHARS:
            meter.charge(len(key) >> 10)
        return key
    return key_of(key)


def _position(key: Any) -> int:
    if type(key) in NUMBERS and (type(key) is not float or key.is_integer()):
        return int(key)
    raise Fault("position", kind_of(key))


def items_of(owner: Any, macro: str) -> list[Any]:
    """What a macro with one variable goes over: the items of a list, the keys of a map in their order."""
    if type(owner) is list:
        return owner
    if type(owner) is dict:
        return list(map(bare, owner))
    raise Fault("walked", macro, kind_of(owner))


def rows_of(owner: Any, macro: str) -> list[tuple[Any, Any]]:
    """What a macro with two variables goes over: positions and items, or keys and values."""
    if type(owner) is list:
        return list(enumerate(owner))
    if type(owner) is dict:
        return [(bare(key), value) for key, value in owner.items()]
    raise Fault("walked", macro, kind_of(owner))
