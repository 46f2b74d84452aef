"""Breakpoints as a request says them, and whether they may be set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from api.bodies import BreakpointBody
from api.problems import BadRequest
from api.service import Service, Start
from contracts.commands import ChangeBreakpoints, ChangeHalted, ReleaseHalt
from contracts.debugging import BREAKPOINTS_MAX, HALT_MS_DEFAULT, Breakpoint, On
from contracts.errors import InvalidInput, Problem, Rejected
from domain.execution.decide.debugger import check_breakpoints
from domain.expressions import parse_duration

DEBUGGING: Final = (ChangeBreakpoints, ReleaseHalt, ChangeHalted)
"""The commands of who debugs."""


def breakpoints_in(asked: Sequence[BreakpointBody], by: str, at: str = "/breakpoints") -> tuple[Breakpoint, ...]:
    """The breakpoints that a request asks for. Raises BadRequest, InvalidInput for what does not go together."""
    if len(asked) > BREAKPOINTS_MAX:
        raise BadRequest(422, "request.invalid", f"{at}: {len(asked)} are given, at most {BREAKPOINTS_MAX} may be")
    return tuple(_breakpoint(one, by, f"{at}/{index}") for index, one in enumerate(asked))


def _breakpoint(one: BreakpointBody, by: str, at: str) -> Breakpoint:
    if (one.node is None) == (one.variable is None):
        raise BadRequest(422, "request.invalid", f"{at}: expected either `node` (`*` is every one) or `variable`")
    if one.variable is not None and one.on != "begin":
        raise BadRequest(422, "request.invalid", f"{at}/on: a variable does not fail; leave it out")
    target = one.variable if one.variable is not None else "" if one.node == "*" else one.node or "?"
    on: On = "change" if one.variable is not None else one.on
    return Breakpoint(on, target, one.condition or "", one.halts, timeout_in(one.timeout, f"{at}/timeout"), False, by)


def timeout_in(text: str | None, at: str) -> int:
    """So long a halt lasts at most, in milliseconds. Raises InvalidInput for what is no duration."""
    if text is None:
        return HALT_MS_DEFAULT
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidInput([Problem(at, "duration", str(error)[:300], "write a duration such as 10m")]) from None


def only_lets_go_on(command: ChangeBreakpoints | ReleaseHalt | ChangeHalted) -> bool:
    """Whether a command leads back to what would have been: that is always allowed."""
    match command:
        case ChangeBreakpoints():
            return not command.set
        case ReleaseHalt():
            return command.action == "continue"
        case ChangeHalted():
            return False


def check_may_debug(service: Service) -> None:
    """Raise Rejected where the server was told that nothing is debugged here."""
    check_allowed(service.may_debug)


def check_allowed(may_debug: bool) -> None:
    """The same, of a setting."""
    if not may_debug:
        said = "nothing is debugged on this server (setting `debugger`); what halts can be let go on, and breakpoints taken away"
        raise Rejected("debugger_off", said)


def checked_start(service: Service, start: Start) -> Start:
    """The start, which may have its breakpoints. Raises Rejected, InvalidInput."""
    if start.breakpoints:
        check_may_debug(service)
        graph = service.compiled(start.workflow, 0)
        if graph is not None:
            check_breakpoints(graph, start.breakpoints)
    return start
