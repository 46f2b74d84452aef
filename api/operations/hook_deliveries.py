"""Operations on what came to webhooks: the last requests with what became of each, and one of them once more."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query

from api import hook_models as shapes
from api import models
from api.hooks.deliveries import KEPT_MAX, Delivery, shown
from api.hooks.desk import Hooks
from api.operations.operation import ClientMethod, Operation, Reply
from api.operations.triggers import Name
from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from contracts.errors import Rejected
from contracts.times import rfc3339
from contracts.triggers import Trigger
from domain.triggers.webhook import WebhookTrigger

Id = Annotated[str, Path(max_length=127)]


async def list_hook_deliveries(
    service: Service,
    name: Name,
    test: Annotated[bool, Query(description="those that came to the test address, which starts nothing")] = False,
    limit: Annotated[int, Query(ge=1, le=2 * KEPT_MAX)] = KEPT_MAX,
) -> Reply:
    """The last requests to a webhook that came to this process, with what became of each."""
    trigger = _webhook(service, name)
    counts = {verdict: count for (one, verdict), count in sorted(service.hooks.counts.items()) if one == trigger.name}
    found = service.hooks.of(trigger.name, test)[:limit]
    return Reply({"deliveries": [_shown(one, False) for one in found], "counts": counts})


async def get_hook_delivery(service: Service, name: Name, delivery: Id) -> Reply:
    """One of them, with its content."""
    return Reply(_shown(_found(service, _webhook(service, name), delivery), True))


async def redeliver_hook(caller: Caller, service: Service, name: Name, delivery: Id) -> Reply:
    """Start what a request would have started, once more and as a new execution, also where it was refused."""
    trigger = _webhook(service, name)
    found = _found(service, trigger, delivery)
    if found.came is None:
        raise Rejected("not_kept", f"the content of delivery {delivery} is not kept: have it sent again")
    outcome = await Hooks(service).redeliver(trigger, found, caller)
    return Reply(await service.view(outcome.execution), status=201)


def _webhook(service: Service, name: str) -> Trigger:
    trigger = service.trigger(name).trigger
    if trigger.type != WebhookTrigger.name:
        raise Rejected("not_a_webhook", f"trigger {name} is a `{trigger.type}`: no requests come to it")
    return trigger


def _found(service: Service, trigger: Trigger, delivery: str) -> Delivery:
    found = service.hooks.find(trigger.name, delivery)
    if found is None:
        raise BadRequest(
            404, "unknown_delivery", f"there is no delivery {delivery} of trigger {trigger.name} here: the last {KEPT_MAX} are kept"
        )
    return found


def _shown(one: Delivery, with_content: bool) -> dict[str, Any]:
    return {**shown(one, with_content), "at": rfc3339(one.at)}


_ALL: Final = "/v1/triggers/{name}/deliveries"

HOOK_DELIVERIES: Final = (
    Operation(
        method="GET", path=_ALL, tag="triggers", right="read", do=list_hook_deliveries, answer=shapes.HookDeliveries, problems=(404, 409),
        client=ClientMethod("hook_deliveries", says="The last requests to a webhook, with what became of each: `{deliveries, counts}`."),
    ),
    Operation(
        method="GET", path=_ALL + "/{delivery}", tag="triggers", right="read", do=get_hook_delivery, answer=shapes.HookContent,
        problems=(404, 409), client=ClientMethod("hook_delivery"),
    ),
    Operation(
        method="POST", path=_ALL + "/{delivery}/redeliver", tag="triggers", right="start", do=redeliver_hook, answer=models.Execution,
        status=201, problems=(404, 409), client=ClientMethod("redeliver_hook"),
    ),
)  # fmt: skip
