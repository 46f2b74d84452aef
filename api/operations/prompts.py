"""Operations on prompts: publishing them, looking at them and at what is different between two versions."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.models import Time
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.service import Service
from contracts.caller import Caller
from contracts.catalog import PromptPublished
from contracts.errors import InvalidDefinition, Problem
from contracts.prompts import NAME_PATTERN, Prompt
from contracts.times import rfc3339
from domain.definition.prompt_check import canonical_prompt, checked_prompt, prompt_difference, prompt_hash
from projections.definitions import Version

Name = Annotated[str, Path(max_length=63, description=f"its name: `{NAME_PATTERN}`", examples=["reply"])]
AVersion = Annotated[int, Path(ge=1, description="a version of the prompt")]
_PROMPT: Final[Any] = {
    "name": "reply",
    "inputs": {"type": "object", "required": ["mail"], "properties": {"mail": {"type": "string"}}},
    "prompt": "Answer this mail: {{ input.mail }}",
}


class PromptRequest(BaseModel):
    """A prompt to publish."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"prompt": _PROMPT}})

    prompt: Prompt


class PromptBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read: what is wrong with the prompt is told as of a definition."""

    prompt: Any


class PromptVersion(BaseModel):
    """A version of a prompt."""

    name: str
    version: int = Field(description="counts from 1")
    hash: str = Field(description="the SHA-256 of what it says, which workflows pin")
    description: str | None
    published_at: Time
    published_by: str | None


class PromptUse(BaseModel):
    """A workflow that names it."""

    workflow: str
    version: int = Field(description="the version that executions start with")
    prompt_version: int = Field(description="the version of the prompt that it pins")


class PromptShown(PromptVersion):
    """A version of a prompt, whole."""

    prompt: dict[str, Any] = Field(description="all that it says, as it was written")
    used_by: list[PromptUse] = Field(description="the workflows whose active version pins this prompt, in any version")


class PromptOutcome(PromptVersion):
    """What publishing answers."""

    created: bool = Field(description="false where a version says the same already: it is that one")


class PromptList(BaseModel):
    """Of each prompt the latest version, by name."""

    prompts: list[PromptVersion]


class PromptVersions(BaseModel):
    """The first one first."""

    versions: list[PromptVersion]


class PromptDifference(BaseModel):
    """What is different between two versions."""

    name: str
    before: int
    after: int
    fields: list[str] = Field(description="the fields that are not the same")
    text: str = Field(description="a unified diff of both, laid out for people")


def version_value(found: PromptPublished) -> dict[str, Any]:
    """A version, as JSON shows it."""
    return {
        "name": found.name,
        "version": found.version,
        "hash": found.hash,
        "description": msgspec.json.decode(found.content).get("description"),
        "published_at": rfc3339(found.recorded_at),
        "published_by": found.actor or None,
    }


def shown(found: PromptPublished, active: list[Version]) -> dict[str, Any]:
    """A version whole, with the workflows that use the prompt, of those that are given."""
    return {**version_value(found), "prompt": msgspec.json.decode(found.content), "used_by": uses(found.name, active)}


def uses(name: str, active: list[Version]) -> list[dict[str, Any]]:
    """The workflows that pin a prompt, in each version that they pin."""
    found = []
    for one in active:
        if one.status == "active" and b'"prompts"' in one.content:
            pins = msgspec.json.decode(one.content).get("prompts", {})
            versions = {pin["version"] for pin in pins.values() if pin["content"]["name"] == name}
            found += [{"workflow": one.name, "version": one.version, "prompt_version": version} for version in sorted(versions)]
    return found


def difference_value(before: PromptPublished, after: PromptPublished) -> dict[str, Any]:
    """What is different between two versions, as JSON shows it."""
    names = f"{before.name}/{before.version}", f"{after.name}/{after.version}"
    found = prompt_difference(before.content, after.content, names)
    return {"name": before.name, "before": before.version, "after": after.version, **found}


def below(problems: list[Problem], field: str) -> list[Problem]:
    """Problems of what stands in a field, with their places in the whole."""
    return [one._replace(path=f"{field}.{one.path}" if one.path else field) for one in problems]


async def list_prompts(service: Service) -> Reply:
    """Of each prompt the latest version, by name."""
    await service.know_prompts()
    return Reply({"prompts": [version_value(one) for one in service.prompts()]})


async def publish_prompt(caller: Caller, service: Service, body: Body) -> Reply:
    """Keep a prompt as the next version of its name; the same as any before is that one. Workflows take it when they are published."""
    try:
        prompt = checked_prompt(body.read(PromptBody).prompt)
    except InvalidDefinition as error:
        raise InvalidDefinition(below(error.problems, "prompt")) from None
    content = canonical_prompt(prompt)
    found, created = await service.publish_prompt(prompt.name, prompt_hash(content), content, caller)
    return Reply({**version_value(found), "created": created}, status=201 if created else 200)


async def get_prompt(
    service: Service, name: Name, version: Annotated[int | None, Query(ge=1, description="another one than the latest version")] = None
) -> Reply:
    """A prompt with its texts, and which workflows use it."""
    await service.know_prompts()
    return Reply(await service.compute(shown, service.prompt(name, version), service.workflows()))


async def list_prompt_versions(service: Service, name: Name) -> Reply:
    """All versions of a prompt, the first one first."""
    await service.know_prompts()
    return Reply({"versions": [version_value(one) for one in service.prompt_versions(name)]})


async def get_prompt_difference(service: Service, name: Name, before: AVersion, after: AVersion) -> Reply:
    """What is different between two versions of a prompt."""
    await service.know_prompts()
    return Reply(await service.compute(difference_value, service.prompt(name, before), service.prompt(name, after)))


_CREATED: Final[dict[int | str, dict[str, Any]]] = {201: {"model": PromptOutcome, "description": "A new version."}}

PROMPTS: Final = (
    Operation(
        method="GET", path="/v1/prompts", tag="prompts", right="read", do=list_prompts, answer=PromptList,
        client=ClientMethod("prompts", "prompts", "Of each prompt the latest version, by name."),
    ),
    Operation(
        method="POST", path="/v1/prompts", tag="prompts", right="define", do=publish_prompt, answer=PromptOutcome, takes=PromptRequest,
        is_required=True, problems=(415,), described={"responses": _CREATED},
        client=ClientMethod("publish_prompt", says="Keep a prompt as the next version of its name; the same again is once."),
    ),
    Operation(
        method="GET", path="/v1/prompts/{name}", tag="prompts", right="read", do=get_prompt, answer=PromptShown, problems=(404,),
        client=ClientMethod("prompt", says="A prompt with its texts and the workflows that use it; without `version` the latest one."),
    ),
    Operation(
        method="GET", path="/v1/prompts/{name}/versions", tag="prompts", right="read", do=list_prompt_versions, answer=PromptVersions,
        problems=(404,), client=ClientMethod("prompt_versions", "versions", "All versions of a prompt, the first one first."),
    ),
    Operation(
        method="GET", path="/v1/prompts/{name}/versions/{before}/diff/{after}", tag="prompts", right="read", do=get_prompt_difference,
        answer=PromptDifference, problems=(404,),
        client=ClientMethod("prompt_diff", says="What is different between two versions of a prompt: `{fields, text}`."),
    ),
)  # fmt: skip
