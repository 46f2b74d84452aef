"""What public events are made of: where an event stands, failures, links. See `contracts/public_events.py`."""

from __future__ import annotations

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What all shapes share: objects with names, from which is left out what they do not say."""


class Link(Shape, frozen=True, kw_only=True):
    """Where a value is: the path of a GET request to a server."""

    href: str


class PublicFailure(Shape, frozen=True, kw_only=True):
    """What went wrong: `type` is dotted (`http.404`), `node` the innermost path, `attempt` counts from 1."""

    type: str
    message: str
    node: str | None = None
    attempt: int | None = None


class PublicParent(Shape, frozen=True, kw_only=True):
    """Who started a child: the execution, and the path of its node."""

    execution: str
    path: str


class Data(Shape, frozen=True, kw_only=True):
    """The event's place: the execution and the version in its history. `href` is the whole event, with its values."""

    execution: str
    version: int
    href: str
