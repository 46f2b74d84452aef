"""Operations that start executions: one, with or without a wait for its end, or many at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from fastapi import Header, Query

from api import models
from api.answers import encode
from api.bodies import STARTS_MAX, BatchBody, StartBody, given, milliseconds, parse
from api.debugging import breakpoints_in, checked_start
from api.operations.definitions import Name
from api.operations.operation import Body, Fast, FastRequest, Operation, Reply
from api.problems import BadRequest, respond, value_of
from api.service import Service, Start, Started
from contracts.caller import Caller
from contracts.errors import RefoldError
from contracts.system import is_system
from domain.execution.state import ENDED

WAIT_MAX_S: Final = 60.0
KEY_LENGTH_MAX: Final = 255

Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=KEY_LENGTH_MAX, description="your own id for the request: twice is once"),
]
Wait = Annotated[
    float,
    Query(ge=0, le=WAIT_MAX_S, description="hold the answer until the execution has ended or has an incident, at most so many seconds"),
]
ThroughIncidents = Annotated[bool, Query(description="with `wait`: go on waiting while the execution needs a person")]


async def start_execution(
    caller: Caller, service: Service, name: Name, body: Body, key: Key = None, wait: Wait = 0, through_incidents: ThroughIncidents = False
) -> Reply:
    """Start an execution. With an `Idempotency-Key`, or an `execution_id` of your own, the same request twice is once."""
    wanted = start_of(name, body.read(StartBody), key, caller)._replace(through_incidents=through_incidents)
    started = await service.start(checked_start(service, wanted), wait)
    return Reply(started.view, started.view.position, _status_of(started, bool(wait)))


def _begin_start(request: FastRequest) -> Callable[[], None]:
    """The same, by callbacks."""
    name, wait = request.found.groups()
    wait_s = float(wait or 0)
    if wait_s > WAIT_MAX_S:
        raise BadRequest(422, "request.invalid", f"query/wait: {wait_s:g}")
    start = start_of(name.decode(), parse(request.message.body or b"{}", StartBody), request.message.key, request.caller)
    if start.breakpoints:
        raise BadRequest(422, "request.invalid", "/breakpoints: they are looked at on the other way")
    call = request.call

    def then(outcome: Started | Exception) -> None:
        if isinstance(outcome, Started):
            call.answer(_status_of(outcome, wait_s > 0), encode(outcome.view), outcome.view.position)
        else:
            call.respond(respond(outcome))

    return request.service.begin_start(start, wait_s, then)


async def start_executions(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Start many, up to 1,000; each by itself, so some may be refused while others begin."""
    asked = parse(body.json(), BatchBody).executions
    if len(asked) > STARTS_MAX:
        raise BadRequest(422, "request.invalid", f"/executions: {len(asked)} are asked for, at most {STARTS_MAX} may be")
    wanted = [_start_or_refusal(service, name, one, caller, f"/executions/{index}") for index, one in enumerate(asked)]
    done = iter(await service.start_many([one for one in wanted if isinstance(one, Start)]))
    outcomes = [next(done) if isinstance(one, Start) else one for one in wanted]
    return Reply({"executions": [_item(one) for one in outcomes], "position": service.position}, service.position)


def _start_or_refusal(service: Service, name: str, body: msgspec.Raw, caller: Caller, at: str) -> Start | RefoldError:
    """One of many starts, or why it is none."""
    try:
        return checked_start(service, start_of(name, parse(bytes(body), StartBody, at), None, caller, at))
    except RefoldError as error:
        return error


def start_of(name: str, body: StartBody, key: str | None, caller: Caller, at: str = "") -> Start:
    """The start that a body, or the part of one at `at`, asks for. Raises BadRequest for what does not go together, InvalidInput."""
    if is_system(name):
        raise BadRequest(409, "system_workflow", f"workflow {name} is the engine's own, and is started by it: see `POST /v1/operations`")
    if key is not None and body.execution_id is not None:
        raise BadRequest(422, "request.invalid", "give either an Idempotency-Key or an execution_id, not both")
    if body.priority is not None and not 0 <= body.priority <= 9:
        raise BadRequest(422, "request.invalid", f"{at}/priority: expected 0 to 9, found {body.priority}")
    return Start(
        name,
        given(body.input, f"{at}/input") or b"{}",
        None if bytes(body.variables) == b"null" else given(body.variables, f"{at}/variables"),
        body.execution_id,
        key,
        body.autostart,
        milliseconds(body.start_at, f"{at}/start_at"),
        body.priority,
        caller=caller,
        breakpoints=breakpoints_in(body.breakpoints, caller.actor, f"{at}/breakpoints") if body.breakpoints else (),
    )


def _status_of(started: Started, has_waited: bool) -> int:
    """200 for what has ended or repeats, 201 for a new one, 202 for one that has not ended at the end of the wait."""
    if has_waited:
        return 200 if started.view.status in ENDED else 202
    return 201 if started.created else 200


def _item(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, Started):
        return {"status": _status_of(outcome, False), "execution": outcome.view}
    status, value = value_of(outcome)
    return {"status": status, "problem": value}


_START: Final = re.compile(rb"/v1/workflows/([a-z][a-z0-9_-]{0,62})/executions(?:\?wait=([0-9]{1,4}(?:\.[0-9]{1,6})?))?\Z")
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": models.Execution, "description": "It repeats an earlier start, or has ended within the `wait`."},
    201: {"model": models.Execution, "description": "A new execution."},
    202: {
        "model": models.Execution,
        "description": "It has not ended, as far as can be read: it runs at the end of the `wait`, or has an incident and needs a person.",
    },
}

STARTS: Final = (
    Operation(
        method="POST", path="/v1/workflows/{name}/executions", tag="workflows", right="start", do=start_execution, answer=models.Execution,
        takes=models.StartRequest, problems=(404, 409, 415), status=201, described={"responses": _ANSWERS}, is_held=True,
        fast=Fast(_START, _begin_start),
    ),
    Operation(
        method="POST", path="/v1/workflows/{name}/executions/batch", tag="workflows", right="start", do=start_executions,
        answer=models.BatchAnswer, takes=models.BatchRequest, is_required=True, problems=(415,),
    ),
)  # fmt: skip
