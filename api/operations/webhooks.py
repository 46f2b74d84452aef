"""Operations on webhooks: who is sent public events over HTTP, what waits to be sent again, and sending once more."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Path
from pydantic import ValidationError

from api import webhook_models as models
from api.bodies import check_json
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import Deleted, misfit
from api.preconditions import IfMatch, etag_of, write
from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from contracts.errors import InvalidInput, Rejected
from contracts.ports.credentials import Use
from contracts.public_events import BY_TYPE, TYPE_PREFIX
from contracts.resources import NAME_PATTERN, Resource, is_resource_name
from contracts.times import rfc3339
from contracts.webhooks import (
    KIND,
    PENDING_MAX,
    STATE,
    WEBHOOKS_MAX,
    Pending,
    Sent,
    Webhook,
    WebhookState,
    checkpoint_name,
    decode_webhook,
    encode_json,
    secret_key,
    secret_place,
    state_of,
    status_of,
    written_secret,
)
from domain.definition.findings import nearest
from domain.event_filter import EventFilter

SECRET_BYTES: Final = 32
VERSION_DIGITS_MAX: Final = 16
_URL: Final = re.compile(r"https?://[^\s/?#]+[^\s]*\Z")
TRIES_MAX: Final = 10
"""So often a state is written anew where others were quicker."""

Name = Annotated[str, Path(max_length=63, description=f"its name: `{NAME_PATTERN}`", examples=["alerts"])]


async def list_webhooks(service: Service) -> Reply:
    """All webhooks, by name."""
    states = {one.name: one for one in await service.resources(STATE)}
    return Reply({"webhooks": [_shown(one, states.get(one.name)) for one in await service.resources(KIND)]})


async def get_webhook(service: Service, name: Name) -> Reply:
    """A webhook."""
    found = await service.resource(KIND, name)
    return Reply(_shown(found, await _stored_state(service, name)), etag=etag_of(found))


async def put_webhook(caller: Caller, service: Service, name: Name, body: Body, if_match: IfMatch = None) -> Reply:
    """Make a webhook, or let it be this from now on. It is sent what is decided from now on; the answer alone has the secret."""
    if not is_resource_name(name):
        raise BadRequest(422, "request.invalid", f"{name!r} cannot be the name of a webhook; expected {NAME_PATTERN}")
    asked = _asked(body.json() or b"{}")
    before = next((one for one in await service.resources(KIND) if one.name == name), None)
    if before is None and len(await service.resources(KIND)) >= WEBHOOKS_MAX:
        raise Rejected("too_many", f"there are {WEBHOOKS_MAX} webhooks already, the most there may be")
    known = None if before is None else decode_webhook(before.value or b"")
    secret, place = await _secret(service, name, asked.secret, known), secret_place(name)
    webhook = Webhook(
        url=_url(asked.url),
        secret=await asyncio.to_thread(service.credentials.keep_secret, secret, place),
        begun=service.now() if known is None else known.begun,
        after=await service.ends() if known is None else known.after,
        types=_types(asked.types or []),
        workflow=asked.workflow,
        filter=_filter(asked.filter or ""),
    )
    written = await write(service, KIND, name, encode_json(webhook), caller, None, if_match)
    return Reply(_shown(written, await _stored_state(service, name)) | {"secret": secret}, etag=etag_of(written))


async def delete_webhook(caller: Caller, service: Service, name: Name, if_match: IfMatch = None) -> Reply:
    """Delete a webhook: it is sent nothing more; again, once it was deleted, is the same."""
    gone = await write(service, KIND, name, None, caller, None, if_match)
    return Reply({"name": gone.name, "revision": gone.revision})


async def list_deliveries(service: Service, name: Name) -> Reply:
    """The events that wait to be sent again, those first that have waited longest, and the last requests, the latest first."""
    webhook = decode_webhook((await service.resource(KIND, name)).value or b"")
    state = state_of(webhook, _value(await _stored_state(service, name)))
    sent = [*reversed(await service.webhooks.sent_to(checkpoint_name(name, webhook)))]
    last = {one.event: one for one in reversed(sent)}
    pending = [_waiting(one, last.get(one.event)) for one in state.pending]
    return Reply({"deliveries": [*pending, *map(_sent, sent)]})


async def redeliver_event(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Send an event once more, also one that has arrived; it is tried for three days again."""
    asked = _read(models.RedeliverRequest, body.json() or b"{}")
    execution, _, version = asked.event.rpartition("/")
    if not (execution and version.isascii() and version.isdecimal() and len(version) < VERSION_DIGITS_MAX):
        raise BadRequest(422, "request.invalid", f"/event: expected EXECUTION/VERSION, found {asked.event[:100]!r}")
    partition, offset = await service.find_event(execution, int(version))
    now = service.now()
    pending = Pending(event=asked.event, partition=partition, offset=offset, since=now, due=now)

    def add(state: WebhookState) -> None:
        state.pending = [one for one in state.pending if one.event != pending.event]
        if len(state.pending) >= PENDING_MAX:
            raise Rejected("too_many", f"{PENDING_MAX} events wait to be sent again to {name} already: see its deliveries")
        state.pending.append(pending)

    await _change(service, name, caller, add)
    return Reply(_waiting(pending, None), status=202)


async def enable_webhook(caller: Caller, service: Service, name: Name) -> Reply:
    """Send to a webhook again that was disabled: what waits, and what has come since."""
    now = service.now()

    def enable(state: WebhookState) -> None:
        state.disabled_at, state.reason = 0, ""
        for one in state.pending:
            one.attempts, one.due = 0, now

    await _change(service, name, caller, enable)
    return await get_webhook(service, name)


async def _change(service: Service, name: str, caller: Caller, change: Any) -> None:
    """Change what is stored of a webhook's state, on top of what others write meanwhile."""
    webhook = decode_webhook((await service.resource(KIND, name)).value or b"")
    for left in reversed(range(TRIES_MAX)):
        stored = await _stored_state(service, name)
        state = state_of(webhook, _value(stored))
        change(state)
        try:
            await service.write_resource(STATE, name, encode_json(state), caller, 0 if stored is None else stored.revision)
        except Rejected as rejected:
            if rejected.reason != "overtaken" or not left:
                raise
        else:
            return


async def _stored_state(service: Service, name: str) -> Resource | None:
    return next((one for one in await service.resources(STATE) if one.name == name), None)


def _value(stored: Resource | None) -> bytes | None:
    return None if stored is None else stored.value


def _read(model: Any, content: bytes) -> Any:
    try:
        return model.model_validate_json(check_json(content))
    except ValidationError as error:
        raise misfit(error) from None


def _asked(content: bytes) -> models.WebhookRequest:
    asked: models.WebhookRequest = _read(models.WebhookRequest, content)
    return asked


def _url(asked: str) -> str:
    if not _URL.match(asked) or not _has_host(asked):
        raise BadRequest(422, "request.invalid", f"/url: expected http:// or https:// and a host, found {asked[:100]!r}")
    return asked


def _has_host(url: str) -> bool:
    """Whether it names a host, and a port that there can be, or none; and nobody's name and password, which lists would show."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False


async def _secret(service: Service, name: str, asked: str | None, known: Webhook | None) -> str:
    """The one that is asked for; else the one it has, or a new one."""
    if asked is None and known is not None:
        place = secret_place(name)
        return await asyncio.to_thread(service.credentials.kept_secret, known.secret, place, Use(purpose=f"a change of {place}"))
    try:
        return written_secret(service.chance(SECRET_BYTES) if asked is None else secret_key(asked))
    except ValueError as error:
        raise BadRequest(422, "request.invalid", f"/secret: {error}") from None


def _types(asked: list[str]) -> tuple[str, ...]:
    found = [name if name.startswith(TYPE_PREFIX) else TYPE_PREFIX + name for name in asked]
    for number, name in enumerate(found):
        if name not in BY_TYPE:
            near = nearest(name, list(BY_TYPE))
            fix = f"did you mean `{near}`?" if near else "see the public events in the reference"
            raise BadRequest(422, "request.invalid", f"/types/{number}: there are no public events of type {asked[number][:100]!r}; {fix}")
    return tuple(dict.fromkeys(found))


def _filter(source: str) -> str:
    if source:
        try:
            EventFilter(source)
        except InvalidInput as error:
            raise InvalidInput([problem._replace(path="/filter") for problem in error.problems]) from None
    return source


def _shown(found: Resource, stored: Resource | None) -> dict[str, Any]:
    webhook = decode_webhook(found.value or b"")
    state = state_of(webhook, _value(stored))
    return {
        "name": found.name,
        "url": webhook.url,
        "types": list(webhook.types),
        "workflow": webhook.workflow,
        "filter": webhook.filter or None,
        "status": status_of(state),
        "reason": state.reason or None,
        "pending": len(state.pending),
        "revision": found.revision,
        "written_by": found.actor,
        "written_at": rfc3339(found.written_at),
        "secret": None,
    }


def _waiting(pending: Pending, last: Sent | None) -> dict[str, Any]:
    return {
        "event": pending.event,
        "verdict": "pending",
        "at": None if last is None else rfc3339(last.at),
        "status": None if last is None else last.status,
        "duration_ms": None if last is None else last.duration_ms,
        "error": pending.error or None,
        "attempts": pending.attempts,
        "since": rfc3339(pending.since),
        "due": rfc3339(pending.due),
    }


def _sent(sent: Sent) -> dict[str, Any]:
    return {
        "event": sent.event,
        "verdict": "failed" if sent.error else "delivered",
        "at": rfc3339(sent.at),
        "status": sent.status,
        "duration_ms": sent.duration_ms,
        "error": sent.error or None,
        **dict.fromkeys(("attempts", "since", "due")),
    }


WEBHOOKS: Final = (
    Operation(
        method="GET", path="/v1/webhooks", tag="webhooks", right="read", do=list_webhooks, answer=models.Webhooks,
        client=ClientMethod("webhooks", "webhooks"),
    ),
    Operation(
        method="GET", path="/v1/webhooks/{name}", tag="webhooks", right="read", do=get_webhook, answer=models.WebhookShown, problems=(404,),
        client=ClientMethod("webhook"),
    ),
    Operation(
        method="PUT", path="/v1/webhooks/{name}", tag="webhooks", right="define", do=put_webhook, answer=models.WebhookShown,
        takes=models.WebhookRequest, is_required=True, problems=(409, 412, 415),
        client=ClientMethod("put_webhook", says="Make a webhook, or let it be this from now on; the answer alone has its secret."),
    ),
    Operation(
        method="DELETE", path="/v1/webhooks/{name}", tag="webhooks", right="define", do=delete_webhook, answer=Deleted,
        problems=(404, 409, 412),
        client=ClientMethod("delete_webhook"),
    ),
    Operation(
        method="GET", path="/v1/webhooks/{name}/deliveries", tag="webhooks", right="read", do=list_deliveries, answer=models.Deliveries,
        problems=(404,), client=ClientMethod("deliveries", "deliveries", "What waits to be sent to a webhook, and the last requests."),
    ),
    Operation(
        method="POST", path="/v1/webhooks/{name}/deliveries", tag="webhooks", right="steer", do=redeliver_event, answer=models.Delivery,
        takes=models.RedeliverRequest, is_required=True, problems=(404, 409, 415), status=202,
        client=ClientMethod("redeliver", says="Send an event (`EXECUTION/VERSION`) to a webhook once more."),
    ),
    Operation(
        method="POST", path="/v1/webhooks/{name}/enable", tag="webhooks", right="define", do=enable_webhook, answer=models.WebhookShown,
        problems=(404, 409), client=ClientMethod("enable_webhook", says="Send to a webhook again that was disabled."),
    ),
)  # fmt: skip
