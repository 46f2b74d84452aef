"""Operations on read models: how they stand, and to have one made anew from the journal while lists go on."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path

from api import server_models
from api.operations.operation import ClientMethod, Operation, Reply
from api.problems import BadRequest
from api.service import Service
from projections.registry import READ_MODELS, named
from projections.stands import stands_value

Name = Annotated[str, Path(max_length=100, description="The name of a read model, or `all`")]


async def list_read_models(service: Service) -> Reply:
    """The read models: how far each goes and what it lacks, its rows and what they take up, and what is being made of it."""
    return Reply({"read_models": stands_value(await service.stands(), service.position_of)})


async def rebuild_read_model(service: Service, name: Name) -> Reply:
    """Make the rows of a read model anew beside those that are there, compare them, and let them take their place; lists go on."""
    wanted = named(name)
    if wanted is None:
        known = ", ".join(model.name for model in READ_MODELS)
        raise BadRequest(404, "read_model.unknown", f"there is no read model {name!r}: expected one of {known}, or all")
    await service.rebuild(wanted)
    return Reply({"rebuilding": wanted}, status=202)


READ_MODEL_OPERATIONS: Final = (
    Operation(
        method="GET", path="/v1/read-models", tag="read models", right="observe", do=list_read_models, answer=server_models.ReadModels,
        client=ClientMethod("read_models", "read_models", "The read models: how far each goes, its rows, what is being made of it."),
    ),
    Operation(
        method="POST", path="/v1/read-models/{name}/rebuild", tag="read models", right="steer", do=rebuild_read_model,
        answer=server_models.Rebuilding, problems=(404,), status=202,
        client=ClientMethod("rebuild_read_model", says="Make the rows of a read model anew; `all`: of all but analytics and costs."),
    ),
)  # fmt: skip
