"""A server as a target: asked over HTTP by `refold.Client`. What it refuses is told as a data folder would tell it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from contracts.errors import InvalidDefinition, InvalidInput, LogError, Overloaded, Problem, RefoldError, Rejected
from refold import errors
from refold.cli.commands.definition_file import Written, document_in, placed, problem_in, written_in
from refold.cli.commands.interrupt import Interrupt
from refold.cli.commands.output import BadInput, complain, hint
from refold.cli.commands.progress import Progress
from refold.cli.commands.target import (
    ALL,
    INCIDENT,
    Analysed,
    AuditWanted,
    CostsWanted,
    Done,
    Finding,
    Followed,
    Moment,
    Picked,
    Session,
    Value,
    Wanted,
    row_value,
)
from refold.client.blocking import Client
from refold.client.requests import Ask
from refold.client.stream import EventStream, Reading

PAGE: Final = 500
POLL_S: Final = 0.3
"""What is done at the server is asked after so often."""


class EngineClient(Client):
    """A client whose errors are those of the engine."""

    def read(self, path: str) -> bytes:
        """What lies at a path, as bytes."""
        content: bytes = self._ask(Ask("GET", path, is_text=True))
        return content

    def read_json(self, path: str) -> Any:
        """The same, parsed."""
        return self._ask(Ask("GET", path))

    def _ask(self, request: Ask) -> Any:
        try:
            return super()._ask(request)
        except errors.Refused as refused:
            raise as_engine_error(refused) from None
        except errors.Unavailable as unavailable:
            raise LogError(f"the server does not answer: {unavailable}") from None


def as_engine_error(refused: errors.Refused) -> RefoldError:
    """What was refused, as the engine says it."""
    problem = refused.problem
    reason, detail = str(problem.get("reason") or refused.status), str(problem.get("detail") or refused)
    problems = [problem_in(one) for one in problem.get("problems") or ()]
    match reason:
        case "definition.invalid":
            return InvalidDefinition(problems)
        case "input.invalid" if problems:
            return InvalidInput(problems)
        case "filter.invalid":
            return BadInput(f"--{detail}")
        case "overloaded":
            return Overloaded(detail)
        case _:
            return Rejected(reason, detail)


class ServerTarget:
    """A server. See `refold.cli.commands.target.Target`."""

    def __init__(self, server: str, options: Sequence[str] = ()) -> None:
        self.name = server
        self.options = options
        self.engine_options: Sequence[str] = ()
        self.looks_back = ("history", "show")
        try:
            self.client = EngineClient(server)
        except ValueError as error:
            raise BadInput(f"--server {server}: {error}") from None

    def stays_open(self, execution: str) -> str:
        """See Place."""
        return f"goes on at the server: {hint(f'show {execution}', self.options)}"

    # Look.

    def executions(self, wanted: Wanted) -> list[Value]:
        """See Place."""
        rows = self.client.list(
            workflow=wanted.workflow, status=wanted.statuses, filter=wanted.filter, page=min(PAGE, wanted.limit or PAGE),
            system=wanted.system,
        )  # fmt: skip
        found = [row_value(row) for row in islice(rows, wanted.limit)][::-1]
        self._say_lag()
        return found

    def _say_lag(self) -> None:
        """A list that does not show all that has happened says so, as far as the server knows."""
        lag = sum(partition["lag"] or 0 for partition in self.client.cluster()["partitions"])
        if lag:
            records = f"the last {lag} records of the journal" if lag > 1 else "the last record of the journal"
            complain(f"this may lack what has happened just now: what lists are read from lacks {records}; ask again in a moment")

    def state(self, execution: str, at: int | None, time: datetime | None = None) -> Value:
        """See Place."""
        position = None if at is not None else self.client.get(execution)["position"]
        when = None if time is None else time.isoformat()
        return without_position(self.client.state(execution, at, time=when, whole=True, min_position=position))

    def history(self, execution: str) -> Iterable[Value]:
        """See Place."""
        return self.client.history(execution, min_position=self.client.get(execution)["position"])

    def recorded_test(self, execution: str, file: str | None) -> Value:
        """See Place."""
        return self.client.recorded_test(execution, file=file)

    def trace(self, execution: str) -> Value:
        """See Place."""
        return self.client.spans(execution)

    def why(self, execution: str, node: str, at: int | None) -> Value:
        """See Place."""
        return without_position(self.client.why(execution, node=node, at=at))

    def diff(self, one: Moment, other: Moment) -> Value:
        """See Place."""
        return without_position(self.client.compare(one.execution, other=other.execution, at=one.at, other_at=other.at))

    def follow(self, followed: Followed) -> Iterator[tuple[str, Value]]:
        """See Place. A server that goes away is waited for."""
        types = tuple(followed.types)
        reading = Reading(followed.execution, followed.workflow, types, followed.filter, followed.after, None, _say_lost)
        try:
            with EventStream(self.name, reading) as events:
                for event in events:
                    yield reading.position or "", event
        except errors.Refused as refused:
            raise as_engine_error(refused) from None

    def incidents(self, picked: Picked = ALL) -> list[Value]:
        """See Place."""
        rows = self.client.incidents(filter=picked.filter)
        found = [{name: incident[name] for name in INCIDENT} for incident in rows[: picked.limit]]
        self._say_lag()
        return found

    def causes(self, picked: Picked) -> list[Value]:
        """See Place."""
        return self._listed(self.client.incident_causes(filter=picked.filter), picked)

    def node_runs(self, picked: Picked) -> list[Value]:
        """See Place."""
        return self._listed(self.client.node_runs(filter=picked.filter, page=min(PAGE, picked.limit or PAGE)), picked)

    def waiting(self, picked: Picked) -> list[Value]:
        """See Place."""
        return self._listed(self.client.waiting(filter=picked.filter, page=min(PAGE, picked.limit or PAGE)), picked)

    def _listed(self, rows: Iterable[Value], picked: Picked) -> list[Value]:
        found = list(islice(rows, picked.limit))
        self._say_lag()
        return found

    def workflows(self) -> list[Value]:
        """See Place."""
        return self.client.workflows()

    def versions(self, workflow: str) -> list[Value]:
        """See Place."""
        return self.client.versions(workflow)

    def source(self, workflow: str, version: int | None) -> bytes:
        """See Place."""
        return self.client.source(workflow, version)

    def difference(self, workflow: str, before: int, after: int) -> Value:
        """See Place."""
        return self.client.diff(workflow, before, after)

    def audit(self, wanted: AuditWanted) -> list[Value]:
        """See Place."""
        rows: list[Value] = self.client.audit(**vars(wanted))["audit"]
        self._say_lag()
        return rows

    def cached_results(self, kind: str | None, workflow: str | None, limit: int) -> Value:
        """See Place."""
        return self.client.cached_results(kind=kind, workflow=workflow, limit=limit)

    def invalidate(self, kind: str | None, workflow: str | None, key: str | None, older_than: str | None, all: bool) -> Value:
        """See Place."""
        return self.client.invalidate(kind, workflow, key, older_than, all)

    def warm(self, workflow: str, limit: int) -> Value:
        """See Place."""
        return self.client.warm(workflow, limit)

    def dead_letters(self, state: str, topic: str | None, limit: int) -> Value:
        """See Place."""
        return self.client.dead_letters(state=state, topic=topic, limit=limit)

    def dead_letter(self, letter: int) -> Value:
        """See Place."""
        return self.client.dead_letter(letter)

    def views(self) -> list[Value]:
        """See Place."""
        return self.client.views()

    def view(self, name: str) -> Value:
        """See Place."""
        value: Value = self.client.view(name)["value"]
        return value

    def write_view(self, name: str, value: Value | None) -> Value:
        """See Place."""
        return self.client.delete_view(name) if value is None else self.client.put_view(name, **value)

    def workflow_names(self) -> list[str]:
        """See Place."""
        return [str(workflow["name"]) for workflow in self.client.workflows()]

    def workers(self) -> Value:
        """See Place."""
        return self.client.workers()

    def cluster(self) -> Value:
        """See Place."""
        return self.client.cluster()

    def analytics(self, wanted: Analysed) -> list[Value]:
        """See Place."""
        found = self.client.analytics(
            workflow=wanted.workflow, version=wanted.version, node=wanted.node, since=wanted.since, until=wanted.until, by=wanted.by,
            group=wanted.group,
        )  # fmt: skip
        self._say_lag()
        return found

    def costs(self, wanted: CostsWanted) -> list[Value]:
        """See Place."""
        found = self.client.costs(
            workflow=wanted.workflow, version=wanted.version, node=wanted.node, model=wanted.model, prompt=wanted.prompt,
            since=wanted.since, until=wanted.until, by=wanted.by, group=wanted.group,
        )  # fmt: skip
        self._say_lag()
        return found

    def read_models(self) -> list[Value]:
        """See Place."""
        return self.client.read_models()

    def rebuild(self, name: str) -> Iterator[Done]:
        """See Place. It goes on at the server also when nobody asks any more."""
        names = self.client.rebuild_read_model(name)["rebuilding"]
        while building := [one["building"] for one in self.client.read_models() if one["name"] in names and one["building"]]:
            yield Done(min(one["done"] for one in building), max(one["end"] for one in building))
            time.sleep(POLL_S)

    def node_kinds(self) -> list[Value]:
        """See Place."""
        return self.client.node_kinds()

    def schemas(self) -> Value:
        """See Place."""
        return self.client.schemas()

    def checks(self) -> Iterator[Finding]:
        """See Place."""
        try:
            ready = self.client.ready()
        except RefoldError as error:
            yield Finding("server", "wrong", str(error), "`refold serve` starts one")
            return
        yield Finding("server", "ok", f"{self.name} takes commands in; its journal is at position {ready['position']}")
        yield Finding("read models", "ok", f"up to position {ready['projected']} of {ready['position']}")

    # Define and act.

    def read(self, file: Path) -> Written:
        """The document in a file: the server itself checks it. See Place."""
        return written_in(file)

    def validate(self, file: Path, kinds: frozenset[str]) -> tuple[str, list[Problem], list[Problem]]:
        """See Place."""
        document = document_in(file)
        told = self.client.validate(document)
        problems, warnings = (placed([problem_in(one) for one in told[name]], file) for name in ("problems", "warnings"))
        return str(document.get("name", "")), problems, warnings

    @contextmanager
    def act(self, progress: Progress, interrupt: Interrupt, must_exist: bool = False) -> Iterator[Session]:
        """See Place."""
        from refold.cli.commands.server_session import ServerSession

        try:
            worker_hint = hint("worker MODULE", ["--server", self.name] if "--server" in self.options else [])
            yield ServerSession(self.client, progress, interrupt, worker_hint)
        finally:
            self.client.close()


def _say_lost(why: errors.Unavailable) -> None:
    complain(f"{why}; it is asked again until it answers, and nothing will be missing")


def without_position(answer: Value) -> Value:
    """What is known, without where in the journal that was."""
    return {name: value for name, value in answer.items() if name != "position"}
