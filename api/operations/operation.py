"""An operation: one thing that one may ask of a server, declared once. Routes, the document, the fast path and the clients come of it.

    Operation(method, path, right, …, do) ─┬─► api/routes.py                 a route, with what the document says of it
                                           ├─► api/hot.py                    with `fast`, also past the framework
                                           └─► refold/client/*operations.py  with `client`, a method of both clients

`do` says by the names of its parameters what it needs: `caller`, `service`, `task_endpoint`, `request` and `body` are given to it;
all others are parameters of the request, and their annotations say where they stand and what they may be.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

from fastapi import Response
from pydantic import BaseModel

from api.answers import body_of
from api.bodies import is_json, parse, wrong_type
from api.gate import WORKERS
from api.message import Call, Message
from api.problems import documented
from api.rights import Right
from api.service import Service
from contracts.caller import Caller
from contracts.commands import Command
from contracts.ports.workers import TaskEndpoint

T = TypeVar("T")


class Reply(NamedTuple):
    """What an operation answers: a value as JSON, the position that it is about, and the tag of the version that it shows."""

    value: Any
    position: int | None = None
    status: int = 200
    etag: str | None = None


class Body(NamedTuple):
    """The body of a request, not looked at yet."""

    content: bytes
    media_type: str

    def json(self) -> bytes:
        """The bytes, which say that they are JSON; nothing of them is looked at. Raises BadRequest."""
        if self.content and not is_json(self.media_type):
            raise wrong_type(self.media_type, "application/json")
        return self.content

    def read(self, shape: type[T]) -> T:
        """The body in its shape; an empty one is `{}`. Raises BadRequest that says where it is no JSON, or what does not fit."""
        return parse(self.json() or b"{}", shape)


class FastRequest(NamedTuple):
    """A request on the fast path: its body is whole, and says that it is JSON. `found` is what the pattern has found in its URL."""

    caller: Caller
    service: Service
    task_endpoint: TaskEndpoint | None
    found: re.Match[bytes]
    message: Message
    call: Call


class Fast(NamedTuple):
    """How an operation is taken past the framework: the URLs as they usually are, and what begins it.

    `begin` answers the call, now or later, and gives back what forgets the caller; None where there is nothing to forget.
    It raises RefoldError for what the framework is to refuse: then nothing has been done.
    """

    pattern: re.Pattern[bytes]
    begin: Callable[[FastRequest], Callable[[], None] | None]


class ClientMethod(NamedTuple):
    """The method of a client that asks for an operation: its name, the field of the answer that it gives (`""`: all of it), what it says.

    Its parameters are those of the path, the fields of the body, and those of the query.
    """

    name: str
    gives: str = ""
    says: str = ""
    is_keyed: bool = False
    """Whether it carries an `Idempotency-Key`, so that asking again is asking once."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One declaration. `name` and description are those of `do`."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    right: Right
    do: Callable[..., Awaitable[Reply | Response]]
    tag: str = "executions"
    answer: Any = None
    """The model of the answer; None where `described` says it."""
    takes: type[BaseModel] | None = None
    """The model of the body, for the document; without a default in `is_required` it may be left out."""
    is_required: bool = False
    problems: tuple[int, ...] | None = ()
    """The statuses of its own that it may refuse with; None for one that is never refused."""
    status: int = 200
    described: Mapping[str, Any] = field(default_factory=dict)
    """What else FastAPI is told of the route."""
    waits_for_position: bool = False
    """Whether it has the parameter `min_position`."""
    is_held: bool = False
    """Whether its answer may be held: nobody waits for it any more once the caller hangs up."""
    fast: Fast | None = None
    client: ClientMethod | None = None
    offered: Literal["open", "always", "tasks"] = "open"
    """By which servers: those that take executions in, all of them, those that give tasks to workers."""
    command: type[Command] | None = None
    """The command that it gives an execution, whose fields are those of the body."""

    @property
    def name(self) -> str:
        """What names it: in the document, in rights, in logs."""
        return self.do.__name__

    @property
    def is_counted(self) -> bool:
        """Whether it counts as a request under way; see `api.gate`."""
        return not self.path.startswith(WORKERS)

    def route(self) -> dict[str, Any]:
        """What FastAPI is told of it."""
        told = {"status_code": self.status, "tags": [self.tag], **self.described}
        if self.answer is not None:
            told["response_model"] = self.answer
        if self.takes is not None:
            told["openapi_extra"] = body_of(self.takes, required=self.is_required)
        if self.problems is not None:
            told["responses"] = {**told.get("responses", {}), **documented(*self.problems)}
        return told
