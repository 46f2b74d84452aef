"""Operations that command an execution: each is decided and durable when it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel

from api import models
from api.answers import encode
from api.bodies import ReasonBody, check_json
from api.operations.executions import Id
from api.operations.operation import Body, ClientMethod, Fast, FastRequest, Operation, Reply
from api.operations.resume import resume_execution
from api.operations.starts import Key
from api.problems import respond
from api.service import Given, Service
from api.task_models import Resumed, ResumeRequest
from contracts.caller import Caller
from contracts.commands import (
    CancelExecution,
    Command,
    EraseExecution,
    PauseExecution,
    ReleaseExecution,
    ResumeExecution,
    SendSignal,
    StartExecution,
    TerminateExecution,
)


async def give(caller: Caller, service: Service, execution: str, command: Command) -> Reply:
    """Give a command to an execution, and say what came of it."""
    done = await service.give(execution, command, caller)
    return Reply(_value(done), done.position)


def _value(done: Given) -> dict[str, Any]:
    return {"execution_id": done.execution, "status": done.status, "position": done.position}


async def start_created_execution(caller: Caller, service: Service, execution: Id) -> Reply:
    """Start an execution that was created with `autostart: false`, or for a later time."""
    return await give(caller, service, execution, StartExecution())


async def pause_execution(caller: Caller, service: Service, execution: Id, body: Body) -> Reply:
    """Hold an execution: nothing new begins until it is resumed."""
    return await give(caller, service, execution, PauseExecution(body.read(ReasonBody).reason))


async def release_execution(caller: Caller, service: Service, execution: Id) -> Reply:
    """Let an execution that the engine has set aside (`quarantined`) go on, once the cause is mended."""
    return await give(caller, service, execution, ReleaseExecution())


async def cancel_execution(caller: Caller, service: Service, execution: Id, body: Body) -> Reply:
    """Stop an execution with clean-up and compensation."""
    return await give(caller, service, execution, CancelExecution(body.read(ReasonBody).reason))


async def terminate_execution(caller: Caller, service: Service, execution: Id, body: Body) -> Reply:
    """Stop an execution now; nothing more runs."""
    return await give(caller, service, execution, TerminateExecution(body.read(ReasonBody).reason))


async def erase_execution(caller: Caller, service: Service, execution: Id, body: Body) -> Reply:
    """Make all that an execution said unreadable for ever, by throwing its key away. It must have ended, and have been sealed."""
    return await give(caller, service, execution, EraseExecution(body.read(ReasonBody).reason, caller.actor))


async def signal_execution(
    caller: Caller,
    service: Service,
    execution: Id,
    name: Annotated[str, Path(min_length=1, max_length=200)],
    body: Body,
    key: Key = None,
) -> Reply:
    """Send a signal; the body is its payload, `null` without one. The same `Idempotency-Key` twice is one signal."""
    content = check_json(body.json() or b"null")
    return await give(caller, service, execution, SendSignal(key or service.new_id(), name, content))


def _begin_signal(request: FastRequest) -> Callable[[], None]:
    execution, name = (found.decode() for found in request.found.groups())
    payload = check_json(request.message.body or b"null")
    call, service = request.call, request.service

    def then(outcome: Given | Exception) -> None:
        if isinstance(outcome, Given):
            call.answer(200, encode(_value(outcome)), outcome.position)
        else:
            call.respond(respond(outcome))

    return service.begin_give(execution, SendSignal(request.message.key or service.new_id(), name, payload), request.caller, then)


_SIGNAL: Final = re.compile(rb"/v1/executions/([A-Za-z0-9._:~()!@-]{1,400})/signals/([A-Za-z0-9._:~-]{1,200})\Z")
_PAYLOAD: Final = {"requestBody": {"required": False, "content": {"application/json": {"schema": {}, "example": {"by": "Ada"}}}}}


def _steers(
    command: type[Command],
    verb: str,
    do: Callable[..., Any],
    takes: type[BaseModel] | None = None,
    says: str = "",
    answer: type[BaseModel] = models.Given,
    has_client: bool = True,
) -> Operation:
    """An operation that gives an execution one command, made of what the body says."""
    return Operation(
        method="POST", path=f"/v1/executions/{{execution}}/{verb}", right="steer", do=do, answer=answer, takes=takes,
        problems=(404, 409, 415), client=ClientMethod(verb, says=says) if has_client else None, command=command,
    )  # fmt: skip


COMMANDS: Final = (
    _steers(StartExecution, "start", start_created_execution, has_client=False),
    _steers(PauseExecution, "pause", pause_execution, models.ReasonRequest, "Hold an execution."),
    _steers(ResumeExecution, "resume", resume_execution, ResumeRequest, "Let a paused execution go on, or answer its task.", Resumed),
    _steers(ReleaseExecution, "release", release_execution, says="Let an execution that was set aside go on, once the cause is mended."),
    _steers(CancelExecution, "cancel", cancel_execution, models.ReasonRequest),
    _steers(TerminateExecution, "terminate", terminate_execution, models.ReasonRequest),
    _steers(EraseExecution, "erase", erase_execution, models.ReasonRequest, "Make all that an ended execution said unreadable for ever."),
    Operation(
        method="POST", path="/v1/executions/{execution}/signals/{name}", right="steer", do=signal_execution, answer=models.Given,
        problems=(404, 409, 415), described={"openapi_extra": _PAYLOAD}, fast=Fast(_SIGNAL, _begin_signal),
    ),
)  # fmt: skip
