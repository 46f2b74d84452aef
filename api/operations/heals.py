"""The operation that heals: an execution of the engine's own workflow suggests a change for a failure, and asks before it makes it."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bodies import check_json
from api.operations.executions import Id
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import misfit
from api.problems import BadRequest
from api.service import Service, Start
from contracts import values
from contracts.caller import Caller
from contracts.definitions import Heal, Settings
from contracts.errors import Rejected
from contracts.models import models_in, split_model
from contracts.system import HEAL, is_system
from domain.execution.moves.healing import about, allowed, heal_id, heal_input, heal_key

TIMES_MAX: Final = 1_000
"""So often one failure may be looked at again, after what was suggested before was declined, or nothing was."""
_DONE: Final = "healed"


class HealRequest(BaseModel):
    """Who suggests, and what may be done without asking; what is left out `settings.heal` of the workflow says."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"model": "openai:gpt-5-mini", "budget": {"tokens": 50000}}})

    model: str | list[str] | None = Field(default=None, description="`provider:model`, a chain, or a name of `settings.models`")
    budget: dict[str, Any] | None = Field(default=None, description="how much it may use of models, as `settings.budget` says it")
    auto: list[str] | None = Field(default=None, description="the kinds of changes that are made without asking")
    per_day: int | None = Field(default=None, ge=0, le=1_000, description="so many of these a day, of the workflow")
    assignees: list[str] | None = Field(default=None, max_length=100, description="who is asked; anybody without it")
    last: int | None = Field(default=None, ge=1, le=100, description="with so many recorded executions a suggestion is compared")


class HealBegun(BaseModel):
    """The heal: an execution like any other."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "heal_id": "key-5f2c0d1e2f3a4b5c6d7e8f9001122334", "execution_id": "order-7", "about": "failed", "status": "running",
                "created": True, "position": 42,
            }
        }
    )  # fmt: skip

    heal_id: str
    execution_id: str = Field(description="what is healed")
    about: str = Field(description="`failed`, or the number of the incident")
    status: str
    created: bool = Field(description="false where it was begun before, and is open, or has healed already")
    position: int


async def heal_execution(caller: Caller, service: Service, execution: Id, body: Body) -> Reply:
    """Suggest a change for what has failed, or needs a person, and ask before it is made. The same failure has one open heal at a time."""
    asked = _read(body.json() or b"{}")
    folded = (await service.standing(execution, None)).folded
    state, settings = folded.state, folded.graph.settings
    if is_system(state.workflow) or state.test is not None:
        what = "the engine's own" if state.test is None else "a test run"
        raise Rejected("not_healed", f"execution {execution} is {what}: nothing of it is published, or goes on", execution=execution)
    failed = about(state)
    if failed is None:
        said = f"execution {execution} is {state.status}: what has failed is healed, and what needs a person"
        raise Rejected("not_failed", said, status=state.status)
    heal = _heal(asked, settings)
    await service.prepare(HEAL)
    time = await _time(service, execution, failed)
    given = heal_input(settings, heal, execution, state.workflow, failed, caller.actor)
    start = Start(HEAL, values.encode(given), key=heal_key(execution, failed, time), caller=caller, allowance=allowed(heal))
    started = await service.start(start, 0)
    view = started.view
    value = {
        "heal_id": view.execution_id, "execution_id": execution, "about": failed, "status": view.status, "created": started.created,
        "position": view.position,
    }  # fmt: skip
    return Reply(value, view.position, 201 if started.created else 200)


def _read(content: bytes) -> HealRequest:
    try:
        return HealRequest.model_validate_json(check_json(content))
    except ValidationError as error:
        raise misfit(error) from None


def _heal(asked: HealRequest, settings: Settings) -> Heal:
    """What the workflow says, with what was asked for in its place. Raises BadRequest for a model that there is not."""
    said = {} if settings.heal is None else settings.heal.model_dump(exclude_unset=True)
    try:
        found = Heal.model_validate({**said, **asked.model_dump(exclude_none=True)})
    except ValidationError as error:
        raise misfit(error) from None
    if found.model is not None and not (isinstance(found.model, str) and found.model in settings.models):
        for one in models_in(found.model):
            try:
                split_model(one)
            except ValueError as error:
                there = f", or a name of `settings.models` ({', '.join(settings.models)})" if settings.models else ""
                raise BadRequest(422, "request.invalid", f"/model: {error}{there}") from None
    return found


async def _time(service: Service, execution: str, failed: str) -> int:
    """The how manieth heal of a failure this is: another one only where the one before has ended, and has not healed."""
    for time in range(TIMES_MAX):
        try:
            state = await service.state(heal_id(execution, failed, time), None, False)
        except Rejected as rejected:
            if rejected.reason != "unknown_execution":
                raise
            return time
        if not state["ended_at"] or state["outcome"] == _DONE:
            return time
    raise Rejected("too_many", f"execution {execution} was looked at {TIMES_MAX:,} times", execution=execution)


_CREATED: Final[dict[int | str, dict[str, Any]]] = {200: {"model": HealBegun, "description": "It was begun before."}}

HEALS: Final = (
    Operation(
        method="POST", path="/v1/executions/{execution}/heal", right="define", do=heal_execution, answer=HealBegun, takes=HealRequest,
        problems=(404, 409, 415), status=201, described={"responses": _CREATED},
        client=ClientMethod("heal", says="Suggest a change for what has failed, and ask before it is made; the execution that does."),
    ),
)  # fmt: skip
