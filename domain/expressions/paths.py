"""Paths as one closure: the steps are taken as Python takes them, and only where that fails each by its rules."""

from __future__ import annotations

from typing import Any

from domain.expressions.access import select
from domain.expressions.faults import Fault
from domain.expressions.maker import Frame, Maker, Run
from domain.expressions.tree import Name, Select


def root(name: str) -> Run:
    """The closure of a root."""

    def read(frame: Frame) -> Any:
        try:
            return frame[0][name]
        except KeyError:
            raise Fault("no_name", name, frame[0]) from None

    return read


def path(maker: Maker, node: Select) -> Run:
    """The closure of `owner.a.b.c`, with all of its plain steps."""
    keys, owner = [node.name], node.owner
    while isinstance(owner, Select) and not owner.is_optional:
        keys.append(owner.name)
        owner = owner.owner
    keys.reverse()
    start = maker.make(owner)
    if isinstance(owner, Name) and not maker.is_variable(owner.name) and len(keys) <= 3:
        return _of_root(owner.name, keys, _steps(start, keys))
    return _one(start, keys[0]) if len(keys) == 1 else _steps(start, keys)


def _one(start: Run, key: str) -> Run:
    def read(frame: Frame) -> Any:
        owner = start(frame)
        if type(owner) is dict and key in owner:
            return owner[key]
        return select(owner, key)

    return read


def _steps(start: Run, keys: list[str]) -> Run:
    def read(frame: Frame) -> Any:
        value = start(frame)
        for key in keys:
            value = select(value, key)
        return value

    return read


def _of_root(name: str, keys: list[str], slowly: Run) -> Run:
    """Written out for one to three steps, since a loop would take twice as long."""
    one, two, three = (*keys, "", "")[:3]

    def read_one(frame: Frame) -> Any:
        try:
            return frame[0][name][one]
        except (KeyError, TypeError):
            return slowly(frame)

    def read_two(frame: Frame) -> Any:
        try:
            return frame[0][name][one][two]
        except (KeyError, TypeError):
            return slowly(frame)

    def read_three(frame: Frame) -> Any:
        try:
            return frame[0][name][one][two][three]
        except (KeyError, TypeError):
            return slowly(frame)

    return (read_one, read_two, read_three)[len(keys) - 1]
