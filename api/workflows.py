"""`/v1/workflows`: publishing definitions, looking at them, and starting executions of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from api import models
from api.answers import answer, body_of
from api.bodies import (
    STARTS_MAX,
    ActivateBody,
    BatchBody,
    StartBody,
    given,
    is_json,
    media_type_of,
    milliseconds,
    parse,
    read_body,
    read_json,
    wrong_type,
)
from api.caller import CALLER
from api.problems import BadRequest, documented, value_of
from api.service import Published, Service, Start, Started, Version
from contracts.caller import Caller
from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition, Problem, RefoldError
from contracts.ports.workers import TaskEndpoint
from contracts.times import rfc3339
from domain.definition.absent_check import missing_kinds, missing_workflows
from domain.definition.document import parse_document
from domain.definition.names_check import doubtful_names
from domain.definition.text_places import located
from domain.definition.validate import Checked, check, publishable
from domain.execution.state import ENDED

WAIT_MAX_S: Final = 60.0
KEY_LENGTH_MAX: Final = 255
YAML_TYPES: Final = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})

Name = Annotated[str, Path(max_length=63, description="the name of a workflow", examples=["hello"])]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=KEY_LENGTH_MAX, description="your own id for the request: twice is once"),
]
Wait = Annotated[
    float,
    Query(ge=0, le=WAIT_MAX_S, description="hold the answer until the execution has ended or has an incident, at most so many seconds"),
]
ThroughIncidents = Annotated[bool, Query(description="with `wait`: go on waiting while the execution needs a person")]

Activate = Annotated[bool, Query(description="make it the active version, also where it is the content of an earlier one")]


def _caller(request: Request) -> Caller:
    found: Caller = request.scope[CALLER]
    return found


By = Annotated[Caller, Depends(_caller)]

_DEFINITION: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "a definition; see `/v1/schemas/definition`"},
                "example": {"name": "hello", "nodes": [{"id": "greet", "type": "noop"}], "edges": []},
            },
            "application/yaml": {"schema": {"type": "string"}, "example": "name: hello\nnodes: [{id: greet, type: noop}]\n"},
        },
    }
}


def workflow_routes(service: Service, desk: TaskEndpoint | None = None) -> APIRouter:
    """The routes about workflows; with a desk, a kind that nobody offers now is a warning."""
    router = APIRouter(prefix="/v1/workflows", tags=["workflows"])
    _publishing(router, service, desk)
    _looking(router, service)
    _starting(router, service)
    return router


def _publishing(router: APIRouter, service: Service, desk: TaskEndpoint | None) -> None:
    async def warnings(definition: WorkflowDefinition | None, request: Request) -> list[dict[str, Any]]:
        if definition is None:
            return []
        absent = missing_workflows(definition, {version.name for version in service.workflows()}) + doubtful_names(definition)
        if desk is not None:
            offered = {kind for worker in desk.workers().workers for kind in worker.kinds}
            absent += missing_kinds(definition, offered.union(service.activities))
        return [one.as_value() for one in await _located(absent, request)]

    created: dict[int | str, dict[str, Any]] = {201: {"model": models.Published, "description": "A new version."}}

    @router.post("", responses={**created, **documented(415)}, response_model=models.Published, openapi_extra=_DEFINITION)
    async def publish_workflow(request: Request, activate: Activate = False) -> Response:
        """Publish a definition; a new one becomes the active version. An unchanged one creates nothing, and activates nothing unasked."""
        definition = await _definition(request, service)
        published = await service.publish(definition, activate)
        said = [*_left_inactive(published), *await warnings(definition, request)]
        value = {**_brief(published.version), "created": published.created, "before": published.before, "position": service.position}
        return answer({**value, "warnings": said}, service.position, 201 if published.created else 200)

    @router.post("/validate", responses=documented(415), response_model=models.Validity, openapi_extra=_DEFINITION)
    async def validate_workflow(request: Request) -> Response:
        """Check a definition and list all its problems; nothing is published."""
        try:
            checked = check(await _document(request), service.activities, service.strict_kinds)
            found = await _located(checked.problems, request)
        except InvalidDefinition as error:
            checked, found = Checked(problems=error.problems), error.problems
        problems = [one.as_value() for one in found]
        return answer({"valid": not problems, "problems": problems, "warnings": await warnings(checked.definition, request)})

    @router.post(
        "/{name}/activate",
        responses=documented(404, 415),
        response_model=models.Published,
        openapi_extra=body_of(models.ActivateRequest, required=True),
    )
    async def activate_workflow(name: Name, request: Request) -> Response:
        """Let executions start with this version from here on: how one rolls back, or takes a workflow out of the archive."""
        wanted = await read_body(request, ActivateBody)
        if wanted.version < 1:
            raise BadRequest(422, "request.invalid", f"/version: versions count from 1, not from {wanted.version}")
        await service.know(name)
        before = next((one.version for one in service.versions(name) if one.status == "active"), None)
        version = await service.activate(name, wanted.version)
        value = {**_brief(version), "created": False, "before": before, "position": service.position, "warnings": []}
        return answer(value, service.position)

    @router.post("/{name}/archive", responses=documented(404), response_model=models.Versions)
    async def archive_workflow(name: Name) -> Response:
        """Let no execution start with any version; those that run go on."""
        await service.know(name)
        await service.archive(name)
        value = {"versions": [_shown(one) for one in service.versions(name)], "position": service.position}
        return answer(value, service.position)


def _left_inactive(published: Published) -> list[dict[str, str]]:
    """That executions go on starting with another version than the one that was published."""
    found = published.version
    if found.status == "active":
        return []
    message = f"this is the content of version {found.version}, and executions go on starting with version {published.before}"
    fix = f"publish it with `?activate=true` (`refold deploy --activate`), or activate version {found.version}, to go back to it"
    return [{"path": "", "rule": "inactive", "message": message, "fix": fix}]


async def _document(request: Request) -> dict[str, Any]:
    """The document, JSON or YAML as its content type says."""
    content = await request.body()
    media_type = media_type_of(request)
    if media_type not in YAML_TYPES and not is_json(media_type):
        raise wrong_type(media_type, "application/json", "application/yaml")
    return parse_document(content, "yaml" if media_type in YAML_TYPES else "json")


async def _definition(request: Request, service: Service) -> WorkflowDefinition:
    try:
        document = await _document(request)
    except InvalidDefinition as error:
        if is_json(media_type_of(request)) and error.problems[0].rule == "syntax":
            parse(await request.body(), dict)  # says where it is no JSON
        raise
    try:
        return publishable(document, service.activities, service.strict_kinds)
    except InvalidDefinition as error:
        raise InvalidDefinition(await _located(error.problems, request)) from None


async def _located(problems: list[Problem], request: Request) -> list[Problem]:
    return located(problems, await request.body(), await _document(request)) if problems else []


def _looking(router: APIRouter, service: Service) -> None:
    @router.get("", responses=documented(), response_model=models.Workflows)
    async def list_workflows() -> Response:
        """All workflows, each by its active version, or its last one."""
        return answer({"workflows": [_shown(one) for one in service.workflows()]})

    @router.get("/{name}", responses=documented(404), response_model=models.Workflow)
    async def get_workflow(
        name: Name, version: Annotated[int | None, Query(ge=1, description="another one than the active version")] = None
    ) -> Response:
        """A workflow with its definition."""
        await service.know(name)
        versions = service.versions(name)
        if version is None:
            found = next((one for one in versions if one.status == "active"), versions[-1])
        elif version <= len(versions):
            found = versions[version - 1]
        else:
            raise BadRequest(404, "unknown_workflow", f"workflow {name}, version {version}: it has {len(versions)}", workflow=name)
        return answer({**_shown(found), "definition": msgspec.Raw(found.content)})

    @router.get("/{name}/versions", responses=documented(404), response_model=models.Versions)
    async def list_versions(name: Name) -> Response:
        """All versions, the first one first."""
        await service.know(name)
        return answer({"versions": [_shown(one) for one in service.versions(name)]})


def _brief(version: Version) -> dict[str, Any]:
    return {"name": version.name, "version": version.version, "hash": version.hash, "status": version.status}


def _shown(version: Version) -> dict[str, Any]:
    return {**_brief(version), "published_at": rfc3339(version.published_at)}


def _starting(router: APIRouter, service: Service) -> None:
    answers: dict[int | str, dict[str, Any]] = {
        200: {"model": models.Execution, "description": "It repeats an earlier start, or has ended within the `wait`."},
        201: {"model": models.Execution, "description": "A new execution."},
        202: {
            "model": models.Execution,
            "description": "It has not ended: it still runs at the end of the `wait`, or has an incident and needs a person.",
        },
    }

    @router.post(
        "/{name}/executions",
        status_code=201,
        responses={**answers, **documented(404, 409, 415)},
        response_model=models.Execution,
        openapi_extra=body_of(models.StartRequest),
    )
    async def start_execution(
        name: Name, request: Request, by: By, key: Key = None, wait: Wait = 0, through_incidents: ThroughIncidents = False
    ) -> Response:
        """Start an execution. With an `Idempotency-Key`, or an `execution_id` of your own, the same request twice is once."""
        wanted = start_of(name, await read_body(request, StartBody), key, by)._replace(through_incidents=through_incidents)
        started = await (_while_there(request, service.start(wanted, wait)) if wait else service.start(wanted, 0))
        if started is None:
            return Response(status_code=499)  # nobody is there to read it
        return answer(started.view, started.view.position, status_of(started, bool(wait)))

    @router.post(
        "/{name}/executions/batch",
        responses=documented(415),
        response_model=models.BatchAnswer,
        openapi_extra=body_of(models.BatchRequest, required=True),
    )
    async def start_executions(name: Name, request: Request, by: By) -> Response:
        """Start many, up to 1,000; each by itself, so some may be refused while others begin."""
        asked = parse(await read_json(request), BatchBody).executions
        if len(asked) > STARTS_MAX:
            raise BadRequest(422, "request.invalid", f"/executions: {len(asked)} are asked for, at most {STARTS_MAX} may be")
        wanted = [_start_or_refusal(name, one, by, f"/executions/{index}") for index, one in enumerate(asked)]
        done = iter(await service.start_many([one for one in wanted if isinstance(one, Start)]))
        outcomes = [next(done) if isinstance(one, Start) else one for one in wanted]
        return answer({"executions": [_item(one) for one in outcomes], "position": service.position}, service.position)


async def _while_there(request: Request, work: Coroutine[Any, Any, Started]) -> Started | None:
    """The outcome, or None once the caller has hung up: then nobody waits any more. What was started goes on."""
    starting = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({starting, gone}, return_when=asyncio.FIRST_COMPLETED)
        return starting.result() if starting.done() else None
    finally:
        starting.cancel()
        gone.cancel()


def _start_or_refusal(name: str, body: msgspec.Raw, by: Caller, at: str) -> Start | RefoldError:
    """One of many starts, or why it is none."""
    try:
        return start_of(name, parse(bytes(body), StartBody, at), None, by, at)
    except RefoldError as error:
        return error


def start_of(name: str, body: StartBody, key: str | None, by: Caller, at: str = "") -> Start:
    """The start that a body, or the part of one at `at`, asks for. Raises BadRequest for what does not go together, InvalidInput."""
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
        caller=by,
    )


def status_of(started: Started, has_waited: bool) -> int:
    """200 for what has ended or repeats, 201 for a new one, 202 for one that has not ended at the end of the wait."""
    if has_waited:
        return 200 if started.view.status in ENDED else 202
    return 201 if started.created else 200


def _item(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, Started):
        return {"status": status_of(outcome, False), "execution": outcome.view}
    status, value = value_of(outcome)
    return {"status": status, "problem": value}
