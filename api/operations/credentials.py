"""Operations on credentials: what is kept, and by whom; nobody is ever told a value."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
from fastapi import Path, Query, Response
from pydantic import BaseModel, ValidationError

from api import consent
from api import credential_models as models
from api.answers import answer
from api.bodies import check_json
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import misfit
from api.pages import LIST_MAX
from api.problems import BadRequest
from api.resources import KINDS as RESOURCE_KINDS
from api.service import Service
from contracts.caller import Caller
from contracts.credentials import (
    CHOICES,
    FIELDS,
    KINDS,
    NAME_PATTERN,
    OWN_NAME,
    Consent,
    CredentialKind,
    CredentialRow,
    UseRow,
    check_values,
    is_credential_name,
)
from contracts.errors import Rejected
from contracts.resources import Resource
from contracts.times import rfc3339
from contracts.triggers import TRIGGERS
from contracts.webhooks import KIND as WEBHOOKS
from domain.expressions.durations import parse_duration
from projections.definitions import Version

OVERLAP_MS_MAX: Final = 366 * 86_400_000
NAMED_MAX: Final = 5
REMEMBERED_MAX: Final = 2_000
"""Of so many definitions and resources it is remembered what they name."""
NAMING: Final = ("credential", "secret")
"""The fields that name a credential."""

Name = Annotated[str, Path(max_length=63, description=f"its name: `{NAME_PATTERN}`", examples=["crm"])]
Force = Annotated[bool, Query(description="also where something still names it, which then fails")]


async def list_credentials(
    service: Service, needed_by: Annotated[bool, Query(description="whether it is told, too, what names each")] = False
) -> Reply:
    """All credentials by name, without their values."""
    found = await asyncio.to_thread(service.credentials.all)
    used = await asyncio.to_thread(service.credentials.last_uses)
    needs = await _all_needs(service) if needed_by else None
    return Reply({"credentials": [shown(one, None if needs is None else needs.get(one.name, []), used.get(one.name)) for one in found]})


async def list_credential_kinds(service: Service) -> Reply:
    """What a credential may be, and which values each kind has."""
    return Reply({"kinds": [_kind(name, kind) for name, kind in KINDS.items()], "redirect_uri": consent.redirect_uri(service.public_url)})


def _kind(name: str, kind: CredentialKind) -> dict[str, Any]:
    fields = [
        {"name": one, "says": FIELDS[one], "is_required": one in kind.needs, "is_secret": one not in kind.open, "choices": CHOICES.get(one)}
        for one in kind.needs + kind.takes
    ]
    return {"kind": name, "summary": kind.summary, "fields": fields, "takes_any": kind.takes_any}


async def get_credential(service: Service, name: Name) -> Reply:
    """A credential without its values, and what names it."""
    found = await asyncio.to_thread(service.credentials.get, name)
    used = await asyncio.to_thread(service.credentials.last_uses)
    return Reply(shown(found, (await _all_needs(service)).get(name, []), used.get(name)))


async def create_credential(caller: Caller, service: Service, body: Body) -> Reply:
    """Keep a credential; the same again is once. Its values are told to nobody, only used."""
    asked = _read(models.CredentialRequest, body)
    if not is_credential_name(asked.name):
        raise BadRequest(422, "request.invalid", f"/name: {asked.name[:100]!r} cannot be the name of a credential; expected {NAME_PATTERN}")
    check_values(asked.kind, asked.values)
    workflows = list(dict.fromkeys(asked.workflows or []))
    made = await asyncio.to_thread(service.credentials.create, asked.name, asked.kind, asked.values, caller.actor, asked.summary, workflows)
    return Reply(shown(made), status=201)


async def rotate_credential(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Let a credential have other values; those before count beside them for a while. The same again changes nothing."""
    asked = _read(models.RotateRequest, body)
    overlap_ms = _overlap(asked.overlap)
    check_values((await asyncio.to_thread(service.credentials.get, name)).kind, asked.values)
    rotated = await asyncio.to_thread(service.credentials.rotate, name, asked.values, caller.actor, overlap_ms)
    return Reply(shown(rotated))


async def list_credential_uses(service: Service, name: Name, limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 50) -> Reply:
    """Who was given a credential, the latest first; also of one that was deleted."""
    return Reply({"uses": [shown_use(one) for one in await asyncio.to_thread(service.credentials.uses, name, limit)]})


def shown_use(row: UseRow) -> dict[str, Any]:
    """A use, as JSON shows it."""
    return {
        "at": rfc3339(row.at),
        "version": row.version,
        "execution_id": row.execution or None,
        "path": row.path or None,
        "attempt": row.attempt or None,
        "workflow": row.workflow or None,
        "purpose": row.purpose or None,
    }


async def begin_authorization(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Tell where a person is to go who authorizes a credential of kind `oauth2`."""
    asked = _read(models.AuthorizeRequest, body)
    return Reply({"url": await asyncio.to_thread(service.credentials.consents.begin, name, asked.redirect_uri, caller.actor)})


async def finish_authorization(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Take what a person came back with who has authorized a credential, and get tokens for it."""
    asked = _read(models.AuthorizedRequest, body)
    return Reply(shown(await asyncio.to_thread(service.credentials.consents.finish, name, asked.state, asked.code, caller.actor)))


async def connect_credential(caller: Caller, service: Service, name: Name, body: Body) -> Response:
    """Tell a page where a person is to go who authorizes a credential, and comes back to this server, in this browser."""
    leaving = consent.leaving(_read(models.ConnectRequest, body).page, service.public_url, service.chance(consent.BROWSER_BYTES))
    url = await asyncio.to_thread(service.credentials.consents.begin, name, leaving.redirect_uri, caller.actor, leaving.browser)
    told = answer({"url": url})
    told.headers["Set-Cookie"] = leaving.cookie(name)
    return told


async def rotate_master_key(caller: Caller, service: Service) -> Reply:
    """Have another master key wrap all credentials, while they are used; again after it was broken off finishes it."""
    rotated = await asyncio.to_thread(service.credentials.rotate_master_key, caller.actor)
    return Reply({**rotated._asdict(), "missing": list(rotated.missing)})


async def delete_credential(caller: Caller, service: Service, name: Name, force: Force = False) -> Reply:
    """Keep a credential no more; refused where something names it. Again, once it was deleted, is the same."""
    needs = (await _all_needs(service)).get(name, [])
    if needs and not force:
        raise Rejected("credential_needed", still_needed(name, needs))
    await asyncio.to_thread(service.credentials.delete, name, caller.actor)
    return Reply({"name": name, "needed_by": needs})


def _overlap(asked: str) -> int:
    try:
        overlap_ms = parse_duration(asked)
    except ValueError as error:
        raise BadRequest(422, "request.invalid", f"/overlap: {error}") from None
    if overlap_ms > OVERLAP_MS_MAX:
        raise BadRequest(422, "request.invalid", f"/overlap: expected a year at most, found {asked[:50]}")
    return overlap_ms


def _read(model: type[Any], body: Body) -> Any:
    """What is asked. Of what does not fit no value is repeated."""
    assert issubclass(model, BaseModel)
    try:
        return model.model_validate_json(check_json(body.json() or b"{}"))
    except ValidationError as error:
        raise misfit(error) from None


def shown(row: CredentialRow, needs: list[dict[str, Any]] | None = None, used: UseRow | None = None) -> dict[str, Any]:
    """A credential, as JSON shows it."""
    return {
        "name": row.name,
        "kind": row.kind,
        "summary": row.summary,
        "workflows": list(row.workflows),
        "version": row.versions[-1].number,
        "versions": [
            {
                "version": one.number,
                "written_by": one.by,
                "written_at": rfc3339(one.at),
                "valid_until": rfc3339(one.until) if one.until else None,
            }
            for one in row.versions
        ],
        "master_key": row.master_key,
        "missing": row.missing or None,
        "needed_by": needs,
        "is_own": row.name == OWN_NAME,
        "last_use": None if used is None else shown_use(used),
        "consent": None if row.consent is None else _consent(row.consent),
    }


def _consent(found: Consent) -> dict[str, Any]:
    return {
        "stage": found.stage,
        "at": rfc3339(found.at) if found.at else None,
        "by": found.by or None,
        "said": found.said,
        "given_at": rfc3339(found.given_at) if found.given_at else None,
        "given_by": found.given_by or None,
    }


async def _all_needs(service: Service) -> Mapping[str, list[dict[str, Any]]]:
    kinds = (*(kind.name for kind in RESOURCE_KINDS), WEBHOOKS, TRIGGERS)
    resources = [one for kind in kinds for one in await service.resources(kind)]
    return await service.compute(all_needs, service.workflows(), resources)


def all_needs(workflows: Sequence[Version], resources: Sequence[Resource]) -> Mapping[str, list[dict[str, Any]]]:
    """By credential what names it: of workflows the versions that executions start with, and what was made over the API."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in workflows:
        for name, path in _named_in(one.content) if one.status == "active" else ():
            found.setdefault(name, []).append({"kind": "workflow", "name": one.name, "version": one.version, "path": path})
    for made in resources:
        for name, path in _named_in(made.value or b"null"):
            need = {"kind": "resource", "name": f"{made.kind}/{made.name}", "version": None, "path": path}
            found.setdefault(name, []).append(need)
    return found


def _naming(value: Any) -> Iterator[tuple[str, str]]:
    """The credentials that a definition, or a resource, names, each with the path at which; nodes are called by their ids."""
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        path, found = left.pop()
        if isinstance(found, dict):
            for key, inner in found.items():
                at = f"{path}.{key}" if path else str(key)
                if key in NAMING and isinstance(inner, str):
                    yield inner, at
                left.append((at, inner))
        elif isinstance(found, list):
            for number, inner in enumerate(found):
                own = inner.get("id") if isinstance(inner, dict) else None
                left.append((f"{path}.{own}" if isinstance(own, str) else f"{path}[{number}]", inner))


@lru_cache(REMEMBERED_MAX)
def _named_in(content: bytes) -> tuple[tuple[str, str], ...]:
    """The same of JSON: a list that is looked at asks for it again and again, and content that was published stays as it is."""
    return tuple(_naming(msgspec.json.decode(content)))


def still_needed(name: str, needs: Sequence[dict[str, Any]]) -> str:
    """Why it is not deleted."""
    said = ", ".join(f"{one['kind']} {one['name']} ({one['path']})" for one in needs[:NAMED_MAX])
    more = f" and {len(needs) - NAMED_MAX} more" if len(needs) > NAMED_MAX else ""
    return f"credential {name} is named by {said}{more}; take it out there first, or delete it with `force`"


CREDENTIALS: Final = (
    Operation(
        method="GET", path="/v1/credentials", tag="credentials", right="read", do=list_credentials, answer=models.Credentials,
        client=ClientMethod("credentials", "credentials"),
    ),
    Operation(
        method="GET", path="/v1/credential-kinds", tag="credentials", right="read", do=list_credential_kinds,
        answer=models.CredentialKinds, client=ClientMethod("credential_kinds", "kinds"),
    ),
    Operation(
        method="POST", path="/v1/credentials", tag="credentials", right="entrust", do=create_credential, answer=models.CredentialShown,
        takes=models.CredentialRequest, is_required=True, problems=(409, 415), status=201,
        client=ClientMethod("create_credential"),
    ),
    Operation(
        method="GET", path="/v1/credentials/{name}", tag="credentials", right="read", do=get_credential, answer=models.CredentialShown,
        problems=(404,), client=ClientMethod("credential"),
    ),
    Operation(
        method="POST", path="/v1/credentials/{name}/rotate", tag="credentials", right="entrust", do=rotate_credential,
        answer=models.CredentialShown, takes=models.RotateRequest, is_required=True, problems=(404, 409, 415),
        client=ClientMethod("rotate_credential"),
    ),
    Operation(
        method="GET", path="/v1/credentials/{name}/uses", tag="credentials", right="observe", do=list_credential_uses,
        answer=models.CredentialUses, client=ClientMethod("credential_uses", "uses"),
    ),
    Operation(
        method="POST", path="/v1/credentials/{name}/authorize", tag="credentials", right="entrust", do=begin_authorization,
        answer=models.Authorize, takes=models.AuthorizeRequest, is_required=True, problems=(404, 409, 415),
        client=ClientMethod("begin_authorization"),
    ),
    Operation(
        method="POST", path="/v1/credentials/{name}/authorized", tag="credentials", right="entrust", do=finish_authorization,
        answer=models.CredentialShown, takes=models.AuthorizedRequest, is_required=True, problems=(404, 409, 415),
        client=ClientMethod("finish_authorization"),
    ),
    Operation(
        method="POST", path="/v1/credentials/{name}/connect", tag="credentials", right="entrust", do=connect_credential,
        answer=models.Authorize, takes=models.ConnectRequest, is_required=True, problems=(404, 409, 415),
    ),
    Operation(
        method="POST", path="/v1/credentials/rotate-master-key", tag="credentials", right="entrust", do=rotate_master_key,
        answer=models.MasterKeyRotated, problems=(409,), client=ClientMethod("rotate_master_key"),
    ),
    Operation(
        method="DELETE", path="/v1/credentials/{name}", tag="credentials", right="entrust", do=delete_credential,
        answer=models.CredentialDeleted, problems=(404, 409), client=ClientMethod("delete_credential"),
    ),
)  # fmt: skip
