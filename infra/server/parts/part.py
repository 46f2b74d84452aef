"""A part of a process: how it is called, where it has a place, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from infra.server.parts.context import Context
from infra.server.parts.running import Running


class Part(NamedTuple):
    """A line of the list. It is made in a process that has one of its roles; without any, in every process."""

    name: str
    roles: tuple[str, ...]
    make: Callable[[Context], Running | None]
    """None where there is nothing for it to do."""
