"""`connectors …`: APIs that are described as data, kept by name and version; made of OpenAPI documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from contracts.errors import InvalidDefinition
from domain.connectors.connector_check import checked_connector, pinned_action
from domain.connectors.openapi import Converted, Wishes, converted
from domain.connectors.openapi_text import OPENAPI_BYTES_MAX, parse_openapi
from domain.definition.findings import nearest
from refold.cli.commands.connector_words import action_lines, scheme_lines
from refold.cli.commands.definition_file import document_in, told_of
from refold.cli.commands.output import OK, BadInput, say, say_json, table, to_the_second
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

FETCH_S: Final = 60.0


class Wanted(NamedTuple):
    """What one wants of an OpenAPI document."""

    name: str | None
    base_url: str | None
    only: tuple[str, ...]
    tags: tuple[str, ...]


class _Keeper(Protocol):
    """A client of a server, or who does the same in a data folder."""

    def connectors(self) -> list[Value]: ...
    def connector(self, name: str, *, version: int | None = None) -> Value: ...
    def connector_versions(self, name: str) -> list[Value]: ...
    def publish_connector(self, connector: Value) -> Value: ...


def _keeper(where: Where) -> _Keeper:
    from refold.cli.commands.folder import FolderTarget
    from refold.cli.commands.server import ServerTarget

    target = target_of(where)
    if isinstance(target, ServerTarget):
        return target.client
    from refold.cli.commands.folder_connectors import FolderConnectors

    assert isinstance(target, FolderTarget)
    return FolderConnectors(target)


def import_openapi(where: Where, openapi: str, wanted: Wanted, out: Path | None, as_json: bool) -> int:
    """Make a connector of a document, and publish it, or write it into a file."""
    is_url = openapi.startswith(("http://", "https://"))
    content = _fetched(openapi) if is_url else _in_file(Path(openapi))
    try:
        found = converted(parse_openapi(content), Wishes(wanted.name, wanted.base_url, openapi if is_url else "", wanted.only, wanted.tags))
        checked_connector(found.connector)
    except InvalidDefinition as error:
        error.add_note(openapi)
        raise
    published = None
    if out is not None:
        _write(out, found.connector)
    else:
        published = _published(_keeper(where), found.connector)
    _say_imported(found, published, out, as_json)
    return OK


def _say_imported(found: Converted, published: Value | None, out: Path | None, as_json: bool) -> None:
    name, actions = found.connector["name"], found.connector["actions"]
    if as_json:
        outcome = {one: published[one] for one in ("version", "hash", "created")} if published else {"written": str(out)}
        say_json({"name": name, **outcome, "actions": list(actions), "told": [one.as_value() for one in found.told]})
        return
    if published is not None:
        new = "a new version" if published["created"] else "as it was"
        say(f"connector {name}, version {published['version']}, {new}: {len(actions)} actions at {found.connector['base_url']}")
    else:
        say(f"connector {name}: {len(actions)} actions, written to {out}")
    for line in scheme_lines(name, found.connector.get("auth", {})):
        say(line)
    left_out = [one for one in found.told if one.is_left_out]
    for one in (*left_out, *(one for one in found.told if not one.is_left_out)):
        say(f"{'left out' if one.is_left_out else 'note'}: {one.operation}: {one.said}")


def _in_file(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(OPENAPI_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"the document {file} cannot be read: {error.strerror or error}") from None


def _fetched(url: str) -> bytes:
    """The document at a URL. Raises BadInput."""
    import httpx2

    try:
        with httpx2.stream("GET", url, follow_redirects=True, timeout=FETCH_S, headers={"user-agent": "refold"}) as answer:
            if answer.status_code != 200:
                raise BadInput(f"the document {url} cannot be read: the server answers {answer.status_code}")
            content = bytearray()
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > OPENAPI_BYTES_MAX:
                    break
            return bytes(content)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise BadInput(f"the document {url} cannot be read: {error}") from None


def _write(out: Path, connector: dict[str, Any]) -> None:
    import yaml

    text = yaml.safe_dump(connector, sort_keys=False, allow_unicode=True, width=120)
    try:
        out.write_text(text)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror or error}") from None


def list_connectors(where: Where, name: str | None, as_json: bool) -> int:
    """All of them, or all versions of one."""
    found = _keeper(where).connectors() if name is None else _keeper(where).connector_versions(name)
    if as_json:
        say_json(found)
    elif found:
        table(("CONNECTOR", "VERSION", "ACTIONS", "BASE URL", "PUBLISHED", "BY", "HASH"), [_line(one) for one in found])
    else:
        say("no connectors")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    when = to_the_second(one["published_at"])
    return (
        one["name"], str(one["version"]), str(one["actions"]), one["base_url"], when, one["published_by"] or "", one["hash"][:12],
    )  # fmt: skip


def show(where: Where, name: str, action: str | None, version: int | None, as_json: bool) -> int:
    """One of them, or one of its actions."""
    found = _keeper(where).connector(name, version=version)
    connector = found["connector"]
    if action is not None:
        return _show_action(connector, action, as_json)
    if as_json:
        say_json(found)
        return OK
    say(f"connector {name}, version {found['version']}: {found['hash']}")
    say(f"base URL {connector['base_url']}")
    for line in scheme_lines(name, connector.get("auth", {})):
        say(line)
    rows = [(key, one["method"], one["path"], "yes" if "paging" in one else "", one.get("summary", "")) for key, one in _actions(connector)]
    table(("ACTION", "METHOD", "PATH", "PAGES", "SUMMARY"), rows)
    for use in found["used_by"]:
        actions = ", ".join(use["actions"])
        say(f"used by workflow {use['workflow']}, version {use['version']}: {actions} of version {use['connector_version']}")
    return OK


def _actions(connector: Value) -> list[tuple[str, Any]]:
    return list(connector["actions"].items())


def _show_action(connector: Value, action: str, as_json: bool) -> int:
    if action not in connector["actions"]:
        near = nearest(action, connector["actions"])
        hint = f"; did you mean {near}?" if near else ""
        raise BadInput(f"connector {connector['name']} has no action {action}{hint}")
    pinned = pinned_action(connector, action)
    if as_json:
        say_json({**pinned, "output": connector["actions"][action].get("output")})
        return OK
    for line in action_lines(pinned):
        say(line)
    return OK


def publish(where: Where, file: Path, as_json: bool) -> int:
    """Keep one."""
    document = document_in(file)
    with told_of(file):
        checked_connector(document)
        found = _published(_keeper(where), document)
    if as_json:
        say_json({name: found[name] for name in ("name", "version", "hash", "created")})
    else:
        new = "a new version" if found["created"] else "as it was"
        say(f"connector {found['name']}, version {found['version']}, {new}: {found['actions']} actions at {found['base_url']}")
    return OK


def _published(keeper: _Keeper, document: Value) -> Value:
    try:
        return keeper.publish_connector(document)
    except InvalidDefinition as error:  # of a server that knows more than this command
        told = [one._replace(path=one.path.removeprefix("connector").removeprefix(".")) for one in error.problems]
        raise InvalidDefinition(told) from None
