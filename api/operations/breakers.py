"""Operations on circuit breakers beside those of every resource: one is opened and closed by hand."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bodies import check_json
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import Name, misfit
from api.service import Service
from contracts.breakers import BREAKERS
from contracts.caller import Caller
from contracts.commands import SteerBreaker
from contracts.errors import Rejected
from domain.execution.breaker import breaker_id

_EXAMPLE: Final[Any] = {"reason": "they move house"}


class SteerRequest(BaseModel):
    """Why a breaker is opened, or closed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    reason: str = Field(default="", max_length=1_000, description="whoever looks at the breaker is told")


class Steered(BaseModel):
    """A breaker is open, or closed: that is durable, and heard by all processes within moments."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "shop", "state": "open"}})

    name: str
    state: Literal["open", "closed"]


async def open_breaker(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Open a circuit breaker: what goes by it waits until somebody closes it."""
    await _steer(service, caller, name, SteerBreaker(name, "open", _reason(body)))
    return Reply({"name": name, "state": "open"})


async def close_breaker(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Close a circuit breaker: what waits for it goes on. One that is closed forgets the failures that it has counted."""
    try:
        await _steer(service, caller, name, SteerBreaker(name, "close", _reason(body)))
    except Rejected as rejected:
        if rejected.reason != "breaker_closed":
            raise
    return Reply({"name": name, "state": "closed"})


async def _steer(service: Service, caller: Caller, name: str, command: SteerBreaker) -> None:
    await service.resource(BREAKERS, name)  # of one that there is not it says so
    await service.give(breaker_id(name), command, caller)


def _reason(body: Body) -> str:
    try:
        return SteerRequest.model_validate_json(check_json(body.json() or b"{}")).reason
    except ValidationError as error:
        raise misfit(error) from None


BREAKER_OPERATIONS: Final = (
    Operation(
        method="POST", path="/v1/breakers/{name}/open", tag=BREAKERS, right="steer", do=open_breaker, answer=Steered, takes=SteerRequest,
        problems=(404,), client=ClientMethod("open_breaker"),
    ),
    Operation(
        method="POST", path="/v1/breakers/{name}/close", tag=BREAKERS, right="steer", do=close_breaker, answer=Steered, takes=SteerRequest,
        problems=(404,), client=ClientMethod("close_breaker"),
    ),
)  # fmt: skip
