"""Operations on triggers: what starts executions by itself is listed, made by hand, paused, resumed, and fired by hand."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import BaseModel, ValidationError

from api import models
from api import trigger_models as shapes
from api.bodies import check_json
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import misfit
from api.operations.starts import Key
from api.pages import LIST_MAX, OFFSET_MAX
from api.problems import BadRequest
from api.service import Service, Start, Started
from contracts import values
from contracts.caller import Caller
from contracts.errors import ExpressionError, InvalidInput, Problem, RefoldError, Rejected
from contracts.resources import NAME_PATTERN, VALUE_BYTES_MAX, is_resource_name
from contracts.system import is_system
from contracts.times import rfc3339
from contracts.triggers import PAUSES, TRIGGERS, Fired, Trigger, TriggerPause, TriggerStatus, encode_pause
from domain.definition.triggers_check import problems_of
from domain.expressions import parse_time
from domain.triggers.event import EventTrigger
from domain.triggers.firing import config_of, kind_of, said_of, seen, started_with, triggered
from domain.triggers.kind import BY_HAND
from domain.triggers.moments import cause_of, times_between
from domain.triggers.schedule import SCHEDULE

NEXT_TIMES: Final = 10
"""So many times are told at which a schedule is due next."""
Name = Annotated[
    str, Path(max_length=127, description="`WORKFLOW.ID` of one in a definition, else the name it was given", examples=["report.by_hand"])
]


MinStand = Annotated[int, Query(ge=0, le=OFFSET_MAX, description="wait until what was written about triggers up to this `stand` is known")]


async def list_triggers(
    service: Service,
    workflow: Annotated[str | None, Query(description="only those that start this workflow")] = None,
    type: Annotated[str | None, Query(description="only of this kind")] = None,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 50,
    min_stand: MinStand = 0,
) -> Reply:
    """All triggers that are in force, by name: of active versions, and made by hand."""
    await service.know_triggers(min_stand)
    found = [
        one for one in sorted(service.triggers())
        if (after is None or one > after) and _is_asked(service.trigger(one), workflow, type)
    ]  # fmt: skip
    page = [_shown(service, service.trigger(name)) for name in found[:limit]]
    following = found[limit - 1] if len(found) > limit else None
    return Reply({"triggers": page, "stand": service.triggers_stand, "next": following})


def _is_asked(status: TriggerStatus, workflow: str | None, type_: str | None) -> bool:
    trigger = status.trigger
    return workflow in (None, trigger.workflow) and type_ in (None, trigger.type)


async def get_trigger(service: Service, name: Name, min_stand: MinStand = 0) -> Reply:
    """A trigger, and how it stands."""
    await service.know_triggers(min_stand)
    return Reply(_shown(service, service.trigger(name)))


async def put_trigger(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Make a trigger by hand, or let it be this from now on; the same again writes nothing."""
    if not is_resource_name(name) or "." in name:
        message = f"{name!r} cannot be the name of a trigger that is made by hand; expected {NAME_PATTERN}, without a dot"
        raise BadRequest(422, "request.invalid", message)
    content = body.json() or b"{}"
    asked = _read(shapes.TriggerRequest, content)
    _check(asked)
    await service.know(asked.workflow)
    service.versions(asked.workflow)  # of one that there is not it says so
    _check_path(service, name, asked.trigger.get("path"))
    if asked.trigger["type"] == EventTrigger.name and (endless := service.endless(name, asked.workflow, asked.trigger["filter"])):
        raise InvalidInput(endless)
    value = values.written(asked.model_dump())
    if len(value) > VALUE_BYTES_MAX:
        raise BadRequest(422, "too_large", f"a trigger has {len(value):,} bytes of JSON; {VALUE_BYTES_MAX:,} are the most")
    await service.write_resource(TRIGGERS, name, value, caller)
    return await get_trigger(service, name)


async def delete_trigger(caller: Caller, service: Service, name: Name) -> Reply:
    """Delete a trigger that was made by hand: it starts nothing more; again, once it was deleted, is the same."""
    if name in service.triggers() and not service.trigger(name).trigger.is_by_hand:
        message = f"trigger {name} stands in the definition of its workflow: publish that without it, or pause it"
        raise Rejected("not_by_hand", message)
    gone = await service.write_resource(TRIGGERS, name, None, caller)
    await _resume(service, name, caller)
    return Reply({"name": gone.name, "revision": gone.revision, "stand": service.triggers_stand})


async def pause_trigger(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Let a trigger start nothing by itself until it is resumed; what would have started it meanwhile is passed over."""
    asked = _read(shapes.PauseRequest, body.json() or b"{}")
    service.trigger(name)
    await service.write_resource(PAUSES, name, encode_pause(TriggerPause(asked.reason)), caller)
    return await get_trigger(service, name)


async def resume_trigger(caller: Caller, service: Service, name: Name) -> Reply:
    """Let a trigger that is paused start executions again, from now on; one that is not paused stays as it is."""
    service.trigger(name)
    await _resume(service, name, caller)
    return await get_trigger(service, name)


async def _resume(service: Service, name: str, caller: Caller) -> None:
    if any(one.name == name for one in await service.resources(PAUSES)):
        await service.write_resource(PAUSES, name, None, caller)


async def fire_trigger(caller: Caller, service: Service, name: Name, body: Body, key: Key = None) -> Reply:
    """Start what a trigger starts, now and by hand, also while it is paused. With a `key`, or an `Idempotency-Key`, twice is once."""
    content = body.json() or b"{}"
    asked = _read(shapes.FireRequest, content)
    trigger = service.trigger(name).trigger
    kind = kind_of(trigger)
    if kind is None:
        raise Rejected("unknown_kind", f"trigger {name} is a `{trigger.type}`, a kind that this server does not have")
    kind.check_by_hand(config_of(trigger), asked.body, len(content))
    secrets = kind.secrets_of(config_of(trigger), asked.body)
    given = kind.by_hand(asked.body, asked.key, service.now())
    found = seen(trigger, given, by=caller.actor)
    cause = f"hand/{asked.key or key or service.new_id()}"
    try:
        start = Start(
            trigger.workflow, started_with(trigger, found), caller=caller, trigger=triggered(trigger, cause, found), secrets=secrets
        )
    except ExpressionError as error:
        raise InvalidInput([Problem("/body", "expression", f"the `input` of trigger {name} cannot be filled in: {error}")]) from None
    await service.know(trigger.workflow)
    started = await service.start(start, 0)
    return Reply(started.view, started.view.position, 201 if started.created else 200)


async def backfill_trigger(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Start what a schedule was to start in a range that has passed; a time whose execution is there starts nothing again."""
    asked = _read(shapes.BackfillRequest, body.json() or b"{}")
    trigger = service.trigger(name).trigger
    if trigger.type != SCHEDULE.name:
        raise Rejected("no_schedule", f"trigger {name} is a `{trigger.type}`: a `schedule` has times that are made up for")
    begin, end = _time(asked.since, "/since"), _time(asked.until, "/until")
    if end > service.now():
        raise BadRequest(422, "request.invalid", f"/until: expected a time that has passed, found {rfc3339(end)}")
    times = await service.compute(times_between, SCHEDULE.moments(name, config_of(trigger)), begin - 1, end - 1, asked.limit + 1)
    following = rfc3339(times[asked.limit]) if len(times) > asked.limit else None
    if asked.dry_run:
        due_times = [{"due": rfc3339(due), "execution_id": None, "created": False, "problem": None} for due in times[: asked.limit]]
        return Reply({"started": due_times, "next": following, "position": service.position}, service.position)
    await service.know(trigger.workflow)
    starts = [_start_of(trigger, due, caller) for due in times[: asked.limit]]
    done = await service.start_many(starts)
    started = [_backfilled(due, one) for due, one in zip(times, done, strict=False)]
    return Reply({"started": started, "next": following, "position": service.position}, service.position)


def _time(text: str, at: str) -> int:
    try:
        return parse_time(text)
    except ValueError as error:
        raise BadRequest(422, "request.invalid", f"{at}: {error}") from None


def _start_of(trigger: Trigger, due: int, caller: Caller) -> Start:
    """The start of a time: the same as the schedule makes of it by itself, so that it is one execution."""
    found = seen(trigger, SCHEDULE.given(due))
    try:
        return Start(trigger.workflow, started_with(trigger, found), caller=caller, trigger=triggered(trigger, cause_of(due), found))
    except ExpressionError as error:
        raise InvalidInput([Problem("", "expression", f"the `input` of trigger {trigger.name} cannot be filled in: {error}")]) from None


def _backfilled(due: int, one: Started | RefoldError) -> dict[str, Any]:
    if isinstance(one, RefoldError):
        return {"due": rfc3339(due), "execution_id": None, "created": False, "problem": str(one)}
    return {"due": rfc3339(due), "execution_id": one.view.execution_id, "created": one.created, "problem": None}


def _read(model: type[BaseModel], content: bytes) -> Any:
    try:
        return model.model_validate_json(check_json(content))
    except ValidationError as error:
        raise misfit(error) from None


def _check(asked: shapes.TriggerRequest) -> None:
    """Raise InvalidInput for what no kind of trigger is, BadRequest for a workflow that nobody may start."""
    if is_system(asked.workflow):
        raise BadRequest(409, "system_workflow", f"workflow {asked.workflow} is the engine's own, and is started by it")
    if "id" in asked.trigger:
        problem = Problem("/trigger/id", "unknown_field", "a trigger that is made by hand has its name for an id", "remove `id`")
        raise InvalidInput([problem])
    problems = problems_of({**asked.trigger, "id": BY_HAND})
    if problems:
        raise InvalidInput([one._replace(path=_pointer(one.path)) for one in problems])


def _check_path(service: Service, name: str, path: object) -> None:
    """Raise InvalidInput for the path of a webhook at which another one waits."""
    found = service.webhook(path) if isinstance(path, str) else None
    if found is not None and found[0].name != name:
        message = f"the path `{path}` is taken: trigger {found[0].name} waits there"
        raise InvalidInput([Problem("/trigger/path", "taken", message, "write another path")])


def _pointer(path: str) -> str:
    return "/trigger" + ("/" + path.replace("[", "/").replace("]", "").replace(".", "/") if path else "")


def _shown(service: Service, status: TriggerStatus) -> dict[str, Any]:
    trigger, paused, last = status.trigger, status.paused, status.last
    kind = kind_of(trigger)
    return {
        "name": trigger.name,
        "id": trigger.id,
        "type": trigger.type,
        "workflow": trigger.workflow,
        "made_by": "hand" if trigger.is_by_hand else "definition",
        "status": "unknown" if kind is None else "active" if paused is None else "paused",
        "paused": None if paused is None else {"reason": paused.reason, "by": paused.by, "at": rfc3339(paused.at)},
        "since": rfc3339(trigger.since),
        "next": [] if kind is None or paused is not None else [rfc3339(due) for due in service.next_times(trigger.name, NEXT_TIMES)],
        "last": None if last is None else {"cause": last.cause, "at": rfc3339(last.at), "execution_id": last.execution},
        "skipped": [_skipped(one) for one in status.skipped],
        "config": said_of(trigger),
        **_lateness(trigger, last),
        "stand": service.triggers_stand,
    }


def _lateness(trigger: Trigger, last: Fired | None) -> dict[str, int | None]:
    """How late a schedule fires by design, and how much later it fired last; what it was before it was changed is no measure."""
    if trigger.type != SCHEDULE.name:
        return {"jitter_ms": None, "drift_ms": None}
    jitter_ms = SCHEDULE.moments(trigger.name, config_of(trigger)).jitter_ms
    counts = last is not None and last.at >= trigger.since
    return {"jitter_ms": jitter_ms, "drift_ms": max(0, last.at - parse_time(last.cause) - jitter_ms) if last and counts else None}


def _skipped(one: Fired) -> dict[str, Any]:
    return {"cause": one.cause, "at": rfc3339(one.at), "reason": one.reason, "message": one.message, "count": one.count}


_ONE: Final = "/v1/triggers/{name}"

TRIGGER_OPERATIONS: Final = (
    Operation(
        method="GET", path="/v1/triggers", tag="triggers", right="read", do=list_triggers, answer=shapes.TriggersShown,
        client=ClientMethod("triggers", says="What starts executions by itself, by name: `{triggers, next}`."),
    ),
    Operation(
        method="GET", path=_ONE, tag="triggers", right="read", do=get_trigger, answer=shapes.TriggerShown, problems=(404,),
        client=ClientMethod("trigger"),
    ),
    Operation(
        method="PUT", path=_ONE, tag="triggers", right="define", do=put_trigger, answer=shapes.TriggerShown, takes=shapes.TriggerRequest,
        is_required=True, problems=(409, 415), client=ClientMethod("put_trigger"),
    ),
    Operation(
        method="DELETE", path=_ONE, tag="triggers", right="define", do=delete_trigger, answer=shapes.TriggerDeleted, problems=(404, 409),
        client=ClientMethod("delete_trigger"),
    ),
    Operation(
        method="POST", path=f"{_ONE}/pause", tag="triggers", right="steer", do=pause_trigger, answer=shapes.TriggerShown,
        takes=shapes.PauseRequest, problems=(404, 415), client=ClientMethod("pause_trigger"),
    ),
    Operation(
        method="POST", path=f"{_ONE}/resume", tag="triggers", right="steer", do=resume_trigger, answer=shapes.TriggerShown,
        problems=(404,), client=ClientMethod("resume_trigger"),
    ),
    Operation(
        method="POST", path=f"{_ONE}/fire", tag="triggers", right="start", do=fire_trigger, answer=models.Execution, status=201,
        takes=shapes.FireRequest, problems=(404, 409, 415, 422), client=ClientMethod("fire_trigger", is_keyed=True),
    ),
    Operation(
        method="POST", path=f"{_ONE}/backfill", tag="triggers", right="start", do=backfill_trigger, answer=shapes.Backfilled,
        takes=shapes.BackfillRequest, is_required=True, problems=(404, 409, 415, 422), client=ClientMethod("backfill_trigger"),
    ),
)  # fmt: skip
