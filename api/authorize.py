"""Rights: whether a caller may do an operation. Asked at one place before each of them, on the fast path as on the other.

Until there are users, all who ask are `anonymous`, and may do everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, get_args

from api.operations.operation import Operation
from api.problems import BadRequest
from api.rights import Right
from contracts.caller import ANONYMOUS, Caller

Authorize: TypeAlias = Callable[[Caller, Operation], None]
"""Raises what `forbidden` gives where the caller may not do it."""

RIGHTS: Final[dict[str, frozenset[str]]] = {ANONYMOUS: frozenset(get_args(Right))}
"""What each actor may do."""


LOOKING: Final[frozenset[Right]] = frozenset({"read", "observe", "copy"})
"""What changes nothing."""


def authorize(caller: Caller, operation: Operation) -> None:
    """Raise BadRequest (403) unless the caller has the right that the operation needs."""
    if operation.right not in RIGHTS.get(caller.actor, ()):
        raise forbidden(caller, operation)


def only_look(caller: Caller, operation: Operation) -> None:
    """The same where nothing may run, as the log is a copy whose original may live. Raises BadRequest (409)."""
    authorize(caller, operation)
    if operation.right not in LOOKING:
        detail = "this server shows a copy of a log, whose original may live: `refold restore --resume --to URL` lets it run"
        raise BadRequest(409, "fenced", detail, operation=operation.name)


def forbidden(caller: Caller, operation: Operation) -> BadRequest:
    """The refusal of an operation that the caller has no right to."""
    detail = (
        f"{operation.name} needs the right to {operation.right}, which {caller.actor or 'nobody'} does not have: ask as somebody who has it"
    )
    return BadRequest(403, "forbidden", detail, operation=operation.name, right=operation.right)
