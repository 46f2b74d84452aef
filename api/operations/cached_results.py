"""Operations on cached results: which there are, how often they are used, and forgetting or bringing them back."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import Query

from api import table_models as models
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.pages import LIST_MAX
from api.problems import BadRequest
from api.service import Service
from contracts.ports.result_cache import Which
from domain.expressions import parse_duration
from projections.cached_results import result_value, use_values

WARM_MAX: Final = 1_000
"""So many executions are read at most for one request."""


class InvalidateBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which outputs are forgotten."""

    kind: str | None = None
    workflow: str | None = None
    key: str | None = None
    older_than: str | None = None
    all: bool = False


class WarmBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whose results are kept."""

    workflow: str
    limit: int = 100


async def list_cached_results(
    service: Service,
    kind: Annotated[str | None, Query(max_length=100, description="only of this kind")] = None,
    workflow: Annotated[str | None, Query(max_length=63, description="only of this workflow")] = None,
    cursor: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 50,
) -> Reply:
    """Which results of activities this process would use again, by key; and how often it has, by kind and workflow."""
    found = await service.compute(service.cache.results, Which(kind, workflow), cursor or "", limit + 1)
    uses = [one for one in await service.compute(service.cache.uses) if kind in (None, one.kind) and workflow in (None, one.workflow)]
    following = found[limit - 1].key if len(found) > limit else None
    return Reply({"results": [result_value(one) for one in found[:limit]], "next": following, "uses": use_values(uses)})


async def invalidate_cached_results(service: Service, body: Body) -> Reply:
    """Forget results, so that activities run again: those that fit all that is given."""
    said = body.read(InvalidateBody)
    if not said.all and (said.kind, said.workflow, said.key, said.older_than) == (None,) * 4:
        raise BadRequest(422, "request.invalid", "expected kind, workflow, key or older_than, found none: `all: true` forgets everything")
    before = None if said.older_than is None else service.now() - _age(said.older_than)
    return Reply({"count": await service.compute(service.cache.invalidate, Which(said.kind, said.workflow, said.key, before))})


def _age(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError:
        raise BadRequest(422, "request.invalid", f"/older_than: expected a duration like `90m` or `PT1H30M`, found {text!r:.100}") from None


async def warm_cached_results(service: Service, body: Body) -> Reply:
    """Keep what activities of the last executions of a workflow gave, for what is left of its time. Nothing runs."""
    said = body.read(WarmBody)
    if not 1 <= said.limit <= WARM_MAX:
        raise BadRequest(422, "request.invalid", f"/limit: expected 1 to {WARM_MAX:,}, found {said.limit}")
    await service.know(said.workflow)
    service.versions(said.workflow)
    warmed: dict[str, Any] = (await service.warm(said.workflow, said.limit))._asdict()
    return Reply(warmed)


CACHED_RESULTS: Final = (
    Operation(
        method="GET", path="/v1/cached-results", tag="cached results", right="read", do=list_cached_results, answer=models.CachedResults,
        client=ClientMethod("cached_results", says="Which results are used again, and how often they are: `{results, next, uses}`."),
    ),
    Operation(
        method="POST", path="/v1/cached-results/invalidate", tag="cached results", right="steer", do=invalidate_cached_results,
        answer=models.Forgotten, takes=models.InvalidateRequest, is_required=True, problems=(415,),
        client=ClientMethod("invalidate", says="Forget cached results that fit all that is given: `{count}`."),
    ),
    Operation(
        method="POST", path="/v1/cached-results/warm", tag="cached results", right="steer", do=warm_cached_results, answer=models.Warmed,
        takes=models.WarmRequest, is_required=True, problems=(404, 415),
        client=ClientMethod("warm", says="Keep what activities of past executions gave: `{executions, results, unreadable}`."),
    ),
)  # fmt: skip
