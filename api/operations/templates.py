"""Operations on templates: definitions to begin with, from what comes with Refold and from a team's own folder."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service


class TemplateHole(BaseModel):
    """A value that is to be filled in."""

    name: str
    at: list[str | int] = Field(description="where it stands in the definition: keys and indexes")
    schema_: dict[str, Any] = Field(alias="schema", description="what it may be, as a JSON Schema; its `default` stands there now")


class TemplateShown(BaseModel):
    """A definition to begin with."""

    id: str = Field(description="the name of its file, without its ending")
    origin: Literal["shipped", "own"] = Field(description="whether it comes with Refold, or from the folder of the setting `templates`")
    name: str = Field(description="of the workflow, as it stands in the text")
    title: str
    description: str
    tags: list[str]
    syntax: Literal["yaml", "json"]
    text: str = Field(
        description="the definition, without what the file says of it as a template; nobody has looked whether it could be published"
    )
    holes: list[TemplateHole]


class BrokenTemplate(BaseModel):
    """A file that cannot be shown."""

    file: str
    origin: Literal["shipped", "own"]
    problem: str


class Templates(BaseModel):
    """All templates: a team's own first, then by id."""

    templates: list[TemplateShown]
    broken: list[BrokenTemplate]


async def list_templates(service: Service) -> Reply:
    """Definitions to begin with, each with what is to be filled in; files that cannot be read are named."""
    shown: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    for one in await service.templates():
        if one.template is None:
            broken.append({"file": one.file, "origin": one.origin, "problem": one.problem})
        else:
            holes = [hole._asdict() for hole in one.template.holes]
            shown.append({"id": one.id, "origin": one.origin, **one.template._asdict(), "holes": holes})
    return Reply({"templates": shown, "broken": broken})


TEMPLATES: Final = (
    Operation(
        method="GET", path="/v1/templates", tag="templates", right="read", do=list_templates, answer=Templates,
        client=ClientMethod("templates", "templates", "Definitions to begin with, each with what is to be filled in."),
    ),
)  # fmt: skip
