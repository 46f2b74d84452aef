"""`credentials …`: what secrets are kept, for activities to use. None of them is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from refold.cli.commands.credential_values import check_name, values_of
from refold.cli.commands.output import OK, say, say_json, table, to_the_second
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where


class _Keeper(Protocol):
    """A client of a server, or who does the same in a data folder."""

    def credentials(self) -> list[Value]: ...
    def credential(self, name: str) -> Value: ...
    def create_credential(
        self, name: str, kind: str, values: dict[str, str], summary: str = "", workflows: list[str] | None = None
    ) -> Value: ...
    def rotate_credential(self, name: str, values: dict[str, str], overlap: str = "1h") -> Value: ...
    def credential_uses(self, name: str, limit: int = 50) -> list[Value]: ...
    def begin_authorization(self, name: str, redirect_uri: str) -> Value: ...
    def finish_authorization(self, name: str, state: str, code: str) -> Value: ...
    def rotate_master_key(self) -> Value: ...
    def delete_credential(self, name: str, force: bool = False) -> Value: ...


def keeper_of(where: Where) -> _Keeper:
    """Whoever keeps them at the place that is meant."""
    from refold.cli.commands.folder import FolderTarget
    from refold.cli.commands.server import ServerTarget

    target = target_of(where)
    if isinstance(target, ServerTarget):
        return target.client
    from refold.cli.commands.folder_credentials import FolderKeeper

    assert isinstance(target, FolderTarget)
    return FolderKeeper(target)


def list_credentials(where: Where, as_json: bool) -> int:
    """All of them."""
    found = keeper_of(where).credentials()
    if as_json:
        say_json(found)
    elif found:
        table(("NAME", "KIND", "VERSION", "WRITTEN", "BY", "SUMMARY"), [_line(one) for one in found])
    else:
        say("no credentials are kept")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    newest = one["versions"][-1]
    said = f"cannot be opened: {one['missing']}" if one["missing"] else one["summary"]
    return (one["name"], one["kind"], str(one["version"]), to_the_second(newest["written_at"]), newest["written_by"] or "-", said)


def show(where: Where, name: str, as_json: bool) -> int:
    """One of them."""
    found = keeper_of(where).credential(name)
    if as_json:
        say_json(found)
        return OK
    may = ", ".join(found["workflows"]) or "all workflows"
    say(f"{name} is a credential of kind {found['kind']}{': ' if found['summary'] else ''}{found['summary']}; {may} may use it")
    if found["missing"]:
        say(f"it cannot be opened: {found['missing']}")
    rows = [(str(one["version"]), to_the_second(one["written_at"]), one["written_by"] or "-", _until(one)) for one in found["versions"]]
    table(("VERSION", "WRITTEN", "BY", "VALID UNTIL"), rows)
    for need in found["needed_by"]:
        say(f"named by {need['kind']} {need['name']} at {need['path']}")
    return OK


def uses(where: Where, name: str, limit: int, as_json: bool) -> int:
    """Who was given one."""
    found = keeper_of(where).credential_uses(name, limit)
    if as_json:
        say_json(found)
    elif found:
        table(("AT", "VERSION", "WORKFLOW", "EXECUTION", "NODE", "ATTEMPT"), [_use(one) for one in found])
    else:
        say(f"nobody was given {name}")
    return OK


def _use(one: Value) -> tuple[str, ...]:
    attempt = str(one["attempt"]) if one["attempt"] else "-"
    whom = one["workflow"] or one["purpose"] or "the engine"
    return (to_the_second(one["at"]), str(one["version"]), whom, one["execution_id"] or "-", one["path"] or "-", attempt)


def _until(version: Value) -> str:
    return to_the_second(version["valid_until"]) if version["valid_until"] else "-"


def create(where: Where, name: str, kind: str, file: Path | None, summary: str, workflows: list[str]) -> int:
    """Keep one."""
    check_name(name)
    made = keeper_of(where).create_credential(name, kind, values_of(kind, file), summary, workflows)
    say(f"credential {name} of kind {made['kind']} is kept")
    return OK


def rotate(where: Where, name: str, file: Path | None, overlap: str) -> int:
    """Give it other values."""
    keeper = keeper_of(where)
    kind, before = (found := keeper.credential(name))["kind"], found["version"]
    made = keeper.rotate_credential(name, values_of(kind, file), overlap)
    if made["version"] == before:
        say(f"credential {name} has these values already; it stays at version {before}")
        return OK
    until = next((one["valid_until"] for one in reversed(made["versions"]) if one["valid_until"]), None)
    say(f"credential {name} is at version {made['version']}" + (f"; the one before counts until {to_the_second(until)}" if until else ""))
    return OK


def rotate_master_key(where: Where) -> int:
    """Have another one open all of them."""
    done = keeper_of(where).rotate_master_key()
    opened = "all other credentials" if done["missing"] else "all credentials"
    say(f"master key {done['master_key']} opens {opened}; {done['rewrapped']} were wrapped anew")
    for name in done["missing"]:
        say(f"credential {name} cannot be opened, and was left as it is")
    return OK


def delete(where: Where, name: str, force: bool) -> int:
    """Keep it no more."""
    gone = keeper_of(where).delete_credential(name, force)
    say(f"credential {name} is deleted")
    for need in gone["needed_by"]:
        say(f"it is still named by {need['kind']} {need['name']} at {need['path']}")
    return OK
