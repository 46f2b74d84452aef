"""`prompts …`: texts for models that are kept by name and version."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from contracts.errors import InvalidDefinition
from domain.definition.prompt_check import checked_prompt, laid_out
from refold.cli.commands.definition_file import document_in, told_of
from refold.cli.commands.output import FAILED, OK, say, say_json, table, to_the_second
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where


class _Keeper(Protocol):
    """A client of a server, or who does the same in a data folder."""

    def prompts(self) -> list[Value]: ...
    def prompt(self, name: str, *, version: int | None = None) -> Value: ...
    def prompt_versions(self, name: str) -> list[Value]: ...
    def prompt_diff(self, name: str, before: int, after: int) -> Value: ...
    def publish_prompt(self, prompt: Value) -> Value: ...


def _keeper(where: Where) -> _Keeper:
    from refold.cli.commands.folder import FolderTarget
    from refold.cli.commands.server import ServerTarget

    target = target_of(where)
    if isinstance(target, ServerTarget):
        return target.client
    from refold.cli.commands.folder_prompts import FolderPrompts

    assert isinstance(target, FolderTarget)
    return FolderPrompts(target)


def list_prompts(where: Where, name: str | None, as_json: bool) -> int:
    """All of them, or all versions of one."""
    found = _keeper(where).prompts() if name is None else _keeper(where).prompt_versions(name)
    if as_json:
        say_json(found)
    elif found:
        table(("PROMPT", "VERSION", "PUBLISHED", "BY", "HASH", "DESCRIPTION"), [_line(one) for one in found])
    else:
        say("no prompts")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    when = to_the_second(one["published_at"])
    return (one["name"], str(one["version"]), when, one["published_by"] or "", one["hash"][:12], one["description"] or "")


def show(where: Where, name: str, version: int | None, as_json: bool) -> int:
    """One of them."""
    found = _keeper(where).prompt(name, version=version)
    if as_json:
        say_json(found)
        return OK
    say(f"prompt {name}, version {found['version']}: {found['hash']}")
    say(laid_out(found["prompt"]).removesuffix("\n"))
    for use in found["used_by"]:
        say(f"used by workflow {use['workflow']}, version {use['version']}: with version {use['prompt_version']} of it")
    return OK


def publish(where: Where, file: Path, as_json: bool) -> int:
    """Keep one."""
    document = document_in(file)
    with told_of(file):
        checked_prompt(document)
        found = _published(_keeper(where), document)
    if as_json:
        say_json({name: found[name] for name in ("name", "version", "hash", "created")})
    else:
        new = "a new version" if found["created"] else "as it was"
        say(f"prompt {found['name']}, version {found['version']}, {new}: {found['hash']}")
    return OK


def _published(keeper: _Keeper, document: Value) -> Value:
    try:
        return keeper.publish_prompt(document)
    except InvalidDefinition as error:  # of a server that knows more than this command
        raise InvalidDefinition([one._replace(path=one.path.removeprefix("prompt").removeprefix(".")) for one in error.problems]) from None


def diff(where: Where, name: str, before: int, after: int, as_json: bool) -> int:
    """What is different between two versions."""
    found = _keeper(where).prompt_diff(name, before, after)
    if as_json:
        say_json(found)
    elif found["fields"]:
        say(f"{name}: versions {before} and {after} differ in {', '.join(found['fields'])}")
        say(found["text"].removesuffix("\n"))
    else:
        say(f"{name}: versions {before} and {after} are the same")
    return FAILED if found["fields"] else OK
