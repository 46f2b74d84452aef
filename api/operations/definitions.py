"""Operations on workflow definitions: publishing them, looking at them, choosing the version that executions start with."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import Path, Query, Response

from api import models, version_models
from api.bodies import ActivateBody, is_json, parse, wrong_type
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.problems import BadRequest
from api.service import Published, Service
from contracts.caller import Caller
from contracts.catalog import SourceText
from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition, Problem
from contracts.ports.workers import TaskEndpoint
from contracts.system import is_system
from contracts.times import rfc3339
from domain.definition.absent_check import missing_kinds, missing_workflows
from domain.definition.canonical import canonical
from domain.definition.canonical import published as with_language
from domain.definition.document import parse_document
from domain.definition.names_check import doubtful_names
from domain.definition.text_positions import located
from domain.definition.validate import Checked, check, publishable
from domain.triggers.preview import next_runs
from projections.definitions import (
    Version,
    active_of,
    difference_value,
    source_of,
    text_difference_value,
    tool_in,
    version_in,
    version_value,
    versions_value,
)

YAML_TYPES: Final = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})

Name = Annotated[str, Path(max_length=63, description="the name of a workflow", examples=["hello"])]
Activate = Annotated[bool, Query(description="make it the active version, also where it is the content of an earlier one")]
OtherVersion = Annotated[int | None, Query(ge=1, description="another one than the active version")]
AVersion = Annotated[int, Path(ge=1, description="a version of the workflow")]

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


async def publish_workflow(
    caller: Caller, service: Service, task_endpoint: TaskEndpoint | None, body: Body, activate: Activate = False
) -> Reply:
    """Publish a definition; a new one becomes the active version. An unchanged one creates nothing, and activates nothing unasked."""
    await service.know_prompts()
    definition = _definition(body, service)
    source = SourceText("yaml" if body.media_type in YAML_TYPES else "json", body.content)
    published = await service.publish(definition, activate, source, caller)
    said = [*_left_inactive(published), *_warnings(definition, body, service, task_endpoint)]
    value = {**_brief(published.version), "created": published.created, "before": published.before, "position": service.position}
    return Reply({**value, "warnings": said}, service.position, 201 if published.created else 200)


async def validate_workflow(service: Service, task_endpoint: TaskEndpoint | None, body: Body) -> Reply:
    """Check a definition and list all its problems; nothing is published."""
    try:
        checked = check(_document(body), service.activities, service.strict_kinds)
        taken = [] if checked.definition is None else service.taken(checked.definition)
        found = _located([*checked.problems, *taken], body)
    except InvalidDefinition as error:
        checked, found = Checked(problems=error.problems), error.problems
    problems = [one.as_value() for one in found]
    warnings = _warnings(checked.definition, body, service, task_endpoint)
    schedules = [] if checked.definition is None else _schedules(checked.definition, service.now())
    return Reply({"valid": not problems, "problems": problems, "warnings": warnings, "schedules": schedules, "ports": checked.ports})


async def activate_workflow(caller: Caller, service: Service, name: Name, body: Body) -> Reply:
    """Let executions start with this version from here on: how one rolls back, or takes a workflow out of the archive."""
    wanted = body.read(ActivateBody)
    if wanted.version < 1:
        raise BadRequest(422, "request.invalid", f"/version: versions count from 1, not from {wanted.version}")
    await service.know(name)
    before = next((one.version for one in service.versions(name) if one.status == "active"), None)
    version = await service.activate(name, wanted.version, caller)
    value = {**_brief(version), "created": False, "before": before, "position": service.position, "warnings": []}
    return Reply(value, service.position)


async def archive_workflow(caller: Caller, service: Service, name: Name) -> Reply:
    """Let no execution start with any version; those that run go on."""
    await service.know(name)
    await service.archive(name, caller)
    shown = await service.compute(versions_value, service.versions(name))
    return Reply({"versions": shown, "position": service.position}, service.position)


async def list_workflows(service: Service) -> Reply:
    """All workflows, each by its active version, or its last one."""
    return Reply({"workflows": [version_value(one) for one in service.workflows() if not is_system(one.name)]})


async def list_workflow_tools(service: Service) -> Reply:
    """The active versions of the workflows that are offered as tools to assistants (`expose.mcp`), with what a model is told of each."""
    found = [(one, tool_in(one.content)) for one in service.workflows() if one.status == "active"]
    tools = [{"name": one.name, "version": one.version, **tool} for one, tool in found if tool is not None]
    return Reply({"tools": sorted(tools, key=lambda tool: tool["name"])})


async def get_workflow(service: Service, name: Name, version: OtherVersion = None) -> Reply:
    """A workflow with its definition."""
    found = await _version(service, name, version)
    return Reply({**version_value(found), "definition": msgspec.Raw(found.content)})


async def get_source(service: Service, name: Name, version: OtherVersion = None) -> Response:
    """The text that a version was published from, byte for byte: YAML or JSON, with its comments."""
    found = await _version(service, name, version)
    source = source_of(found)
    return Response(source.text, media_type=f"application/{source.syntax}")


async def list_versions(service: Service, name: Name) -> Reply:
    """All versions, the first one first."""
    await service.know(name)
    return Reply({"versions": await service.compute(versions_value, service.versions(name))})


async def get_difference(
    service: Service,
    name: Name,
    before: AVersion,
    after: AVersion,
    layout: Annotated[bool, Query(description="tell also where nodes stand in a picture")] = True,
) -> Reply:
    """What is different between two versions: nodes and edges by id and field, and as text."""
    old, new = await _version(service, name, before), await _version(service, name, after)
    return Reply(await service.compute(difference_value, old, new, layout))


async def compare_text(
    service: Service,
    name: Name,
    before: AVersion,
    body: Body,
    layout: Annotated[bool, Query(description="tell also where nodes stand in a picture")] = True,
) -> Reply:
    """What a text would change as the next version: against this one. Nothing is published."""
    old = await _version(service, name, before)
    content = canonical(with_language(_definition(body, service)))
    source = SourceText("yaml" if body.media_type in YAML_TYPES else "json", body.content)
    new = Version(name, 0, "", "inactive", 0, content, source=source)
    return Reply(await service.compute(text_difference_value, old, new, layout, f"{name}/text"))


async def _version(service: Service, name: str, version: int | None) -> Version:
    """A version of a workflow; None: the active one, or the last."""
    await service.know(name)
    versions = service.versions(name)
    return active_of(versions) if version is None else version_in(versions, version)


# What is in the body.


def _document(body: Body) -> dict[str, Any]:
    """The document, JSON or YAML as its content type says."""
    if body.media_type not in YAML_TYPES and not is_json(body.media_type):
        raise wrong_type(body.media_type, "application/json", "application/yaml")
    return parse_document(body.content, "yaml" if body.media_type in YAML_TYPES else "json")


def _definition(body: Body, service: Service) -> WorkflowDefinition:
    try:
        document = _document(body)
    except InvalidDefinition as error:
        if is_json(body.media_type) and error.problems[0].rule == "syntax":
            parse(body.content, dict)  # says where it is no JSON
        raise
    try:
        return publishable(document, service.activities, service.strict_kinds)
    except InvalidDefinition as error:
        raise InvalidDefinition(_located(error.problems, body)) from None


def _located(problems: list[Problem], body: Body) -> list[Problem]:
    return located(problems, body.content, _document(body)) if problems else []


# What is said of it.


def _warnings(
    definition: WorkflowDefinition | None, body: Body, service: Service, task_endpoint: TaskEndpoint | None
) -> list[dict[str, Any]]:
    """What it refers to that nobody has now; where workers are served, a kind that none of them offers is one such."""
    if definition is None:
        return []
    absent = missing_workflows(definition, {version.name for version in service.workflows()}) + doubtful_names(definition)
    if task_endpoint is not None:
        offered = {kind for worker in task_endpoint.workers().workers for kind in worker.kinds}
        absent += missing_kinds(definition, offered.union(service.activities))
    return [one.as_value() for one in _located(absent, body)]


def _schedules(definition: WorkflowDefinition, now: int) -> list[dict[str, Any]]:
    """When its schedules would fire next."""
    found = next_runs(definition.name, definition.triggers, now)
    return [{"trigger": id_, "next": [rfc3339(due) for due in times]} for id_, times in found.items()]


def _left_inactive(published: Published) -> list[dict[str, str]]:
    """That executions go on starting with another version than the one that was published."""
    found = published.version
    if found.status == "active":
        return []
    message = f"this is the content of version {found.version}, and executions go on starting with version {published.before}"
    fix = f"publish it with `?activate=true` (`refold deploy --activate`), or activate version {found.version}, to go back to it"
    return [{"path": "", "rule": "inactive", "message": message, "fix": fix}]


def _brief(version: Version) -> dict[str, Any]:
    return {"name": version.name, "version": version.version, "hash": version.hash, "status": version.status}


_SOURCE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The text, as it was published.",
        "content": {"application/yaml": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}},
    }
}
_CREATED: Final[dict[int | str, dict[str, Any]]] = {201: {"model": models.Published, "description": "A new version."}}

DEFINITIONS: Final = (
    Operation(
        method="POST", path="/v1/workflows", tag="workflows", right="define", do=publish_workflow, answer=models.Published, problems=(415,),
        described={"responses": _CREATED, "openapi_extra": _DEFINITION},
    ),
    Operation(
        method="POST", path="/v1/workflows/validate", tag="workflows", right="define", do=validate_workflow, answer=models.Validity,
        problems=(415,), described={"openapi_extra": _DEFINITION},
    ),
    Operation(
        method="POST", path="/v1/workflows/{name}/activate", tag="workflows", right="define", do=activate_workflow, answer=models.Published,
        takes=models.ActivateRequest, is_required=True, problems=(404, 415),
        client=ClientMethod("activate", says="Let executions start with this version from here on."),
    ),
    Operation(
        method="POST", path="/v1/workflows/{name}/archive", tag="workflows", right="define", do=archive_workflow,
        answer=version_models.Versions,
        problems=(404,), client=ClientMethod("archive", "versions", "Let no execution start with the workflow any more; its versions."),
    ),
    Operation(
        method="GET", path="/v1/workflows", tag="workflows", right="read", do=list_workflows, answer=models.Workflows,
        client=ClientMethod("workflows", "workflows"),
    ),
    Operation(
        method="GET", path="/v1/workflow-tools", tag="workflows", right="read", do=list_workflow_tools, answer=version_models.WorkflowTools,
        client=ClientMethod("workflow_tools", "tools", "The workflows that are offered as tools to assistants."),
    ),
    Operation(
        method="GET", path="/v1/workflows/{name}", tag="workflows", right="read", do=get_workflow, answer=models.Workflow, problems=(404,),
        client=ClientMethod("workflow", says="A version of a workflow with its definition; without `version` the active one."),
    ),
    Operation(
        method="GET", path="/v1/workflows/{name}/versions", tag="workflows", right="read", do=list_versions, answer=version_models.Versions,
        problems=(404,), client=ClientMethod("versions", "versions", "All versions of a workflow, the first one first."),
    ),
    Operation(
        method="GET", path="/v1/workflows/{name}/source", tag="workflows", right="read", do=get_source, problems=(404,),
        described={"responses": _SOURCE, "response_class": Response},
    ),
    Operation(
        method="POST", path="/v1/workflows/{name}/versions/{before}/diff", tag="workflows", right="define", do=compare_text,
        answer=version_models.TextDifference, problems=(404, 415), described={"openapi_extra": _DEFINITION},
    ),
    Operation(
        method="GET", path="/v1/workflows/{name}/versions/{before}/diff/{after}", tag="workflows", right="read", do=get_difference,
        answer=version_models.Difference, problems=(404,),
        client=ClientMethod("diff", says="What is different between two versions: `{changes, text_of, text}`."),
    ),
)  # fmt: skip
