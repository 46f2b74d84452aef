"""A kind of resource: how it is called, what its JSON looks like, and who may write it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from api.rights import Right
from api.service import Service
from contracts.resources import Resource

Offered: TypeAlias = frozenset[str] | None
"""The kinds of activities that workers offer now; None where no workers are served, so that nobody knows."""


def _no_more(value: Any, now_ms: int) -> None:
    """Nothing is asked but that it has its shape."""


async def _nothing(service: Service, found: Resource, offered: Offered) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """A line of the list. Its operations are `GET /v1/<name>`, and `GET`, `PUT` and `DELETE` of one."""

    name: str
    """Of many of them: what the path says, and the log."""
    one: str
    """Of one of them: what operations and methods of clients are called by."""
    model: type[BaseModel]
    """What one is; a default of `None` is left out of what is stored."""
    right: Right = "define"
    """What one has to be allowed to write it; to look at it, `read`."""
    beside: type[BaseModel] | None = None
    """What else is told of one, beside what was written."""
    look: Callable[[Service, Resource, Offered], Awaitable[dict[str, Any]]] = _nothing
    """Finds that."""
    system: str = ""
    """The workflow of the engine's own that it needs."""
    check: Callable[[Any, int], None] = _no_more
    """What its shape does not say, of a value and the time: raises InvalidInput, whose paths are JSON pointers."""
