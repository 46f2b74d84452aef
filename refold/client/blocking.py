"""The blocking client: what a program asks a server. Executions come as the server tells them, as dictionaries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from refold.client import requests as ask
from refold.client.connection import Answer, ConnectionLost, connect
from refold.client.operations import Operations
from refold.client.requests import Rows
from refold.client.stream import PATIENCE_S, EventStream, Reading
from refold.errors import IncidentOpen, Unavailable


class Client(Operations):
    """A client of a server, over one connection that stays open. Use it from one thread at a time.

    All methods raise Refused for what the server refuses, and Unavailable where it cannot be reached after several tries.
    """

    def __init__(self, server: str | None = None, *, person: str | None = None, groups: Sequence[str] = ()) -> None:
        """`person`, of these groups, is who acts on human tasks."""
        self.server = ask.server_of(server)
        self._head = ask.head_of(person, groups)
        self._connection = connect(self.server)

    def acting_as(self, person: str, groups: Sequence[str] = ()) -> Self:
        """A client of the same server, by which this person acts."""
        return type(self)(self.server, person=person, groups=groups)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, request: ask.Ask) -> Any:
        tries = 0
        while True:
            answer: Answer | None = None
            try:
                answer = self._connection.request(request.method, request.path, request.body, request.head(self._head), request.timeout_s)
                return ask.read(answer, request.is_text)
            except Unavailable as error:
                tries += 1
                if tries >= ask.TRIES_MAX or (isinstance(error, ConnectionLost) and not request.is_safe):
                    raise
            time.sleep(ask.pause_s(tries - 1, answer))

    def publish(self, definition: Mapping[str, Any] | str | Path, *, activate: bool = False) -> dict[str, Any]:
        """Publish a definition: an object, YAML or JSON text, or a file. An unchanged one is the version it was.

        Where executions start with a later version they go on doing so (`status`, `warnings`), unless with `activate`.
        """
        answer: dict[str, Any] = self._ask(ask.publish(definition, activate=activate))
        return answer

    def publish_text(self, text: bytes, syntax: Literal["yaml", "json"], *, activate: bool = False) -> dict[str, Any]:
        """Publish the text of a definition, whatever it begins with; see `publish`."""
        answer: dict[str, Any] = self._ask(ask.publish_text(text, syntax, activate=activate))
        return answer

    def source(self, name: str, version: int | None = None) -> bytes:
        """The text that a version was published from, byte for byte; without `version` that of the active one."""
        text: bytes = self._ask(ask.source(name, version))
        return text

    def validate(self, definition: Mapping[str, Any] | str | Path) -> dict[str, Any]:
        """Check a definition without publishing it: `{valid, problems}`."""
        answer: dict[str, Any] = self._ask(ask.validate(definition))
        return answer

    def start(
        self,
        workflow: str,
        given: Any = None,
        *,
        wait_s: float | None = None,
        idempotency_key: str | None = None,
        through_incidents: bool = False,
        **more: Any,
    ) -> dict[str, Any]:
        """Start an execution; with `wait_s` the answer is held until it has ended or needs a person, or so many seconds.

        `more`: `execution_id`, `variables`, `autostart`, `start_at`, `priority`. With `through_incidents` incidents end no wait.
        """
        execution: dict[str, Any] = self._ask(ask.start(workflow, given, wait_s, idempotency_key, through_incidents, more))
        return execution

    def start_many(self, workflow: str, inputs: Iterable[Any], *, idempotency_key: str | None = None) -> Rows:
        """Start an execution for each input; for each, how that went: `{status, execution, problem}`."""
        rows: Rows = []
        for request in ask.start_many(workflow, inputs, idempotency_key):
            rows += self._ask(request)["executions"]
        return rows

    def run(self, workflow: str, given: Any = None, *, timeout_s: float | None = None, through_incidents: bool = False, **more: Any) -> Any:
        """Start an execution, wait for it, give its output. Raises ExecutionFailed, IncidentOpen, TimeoutError.

        With `through_incidents` it is waited for on while somebody resolves its incidents.
        """
        wait = ask.Wait(timeout_s)
        execution = self.start(workflow, given, wait_s=wait.at_start_s(), through_incidents=through_incidents, **more)
        return ask.checked(self._wait(execution["execution_id"], wait, through_incidents))["output"]

    def wait(self, execution_id: str, *, timeout_s: float | None = None, through_incidents: bool = False) -> dict[str, Any]:
        """Wait until an execution has ended. Raises IncidentOpen, unless it is to wait through incidents, TimeoutError."""
        return self._wait(execution_id, ask.Wait(timeout_s), through_incidents)

    def _wait(self, execution_id: str, wait: ask.Wait, through_incidents: bool) -> dict[str, Any]:
        while (execution := self.get(execution_id))["status"] not in ask.ENDED:
            is_stuck = execution["status"] == "incident"
            if not through_incidents and (is_stuck or wait.looks_below()):
                incidents = self.incidents(execution_id) if is_stuck else self._incidents_below(execution_id)
                if incidents:
                    raise IncidentOpen(execution, incidents)
            time.sleep(wait.pause_s(execution))
        return execution

    def _incidents_below(self, execution_id: str) -> Rows:
        """The incidents of the first execution below it that has any."""
        names = [execution_id]
        for name in names:
            for child in self._ask(ask.find(parent=name, status=ask.OPEN))["executions"]:
                if child["status"] == "incident" and (incidents := self.incidents(child["execution_id"])):
                    return incidents
                if len(names) < ask.BELOW_MAX:
                    names.append(child["execution_id"])
        return []

    def list(
        self,
        *,
        workflow: str | None = None,
        status: str | Sequence[str] | None = None,
        parent: str | None = None,
        filter: str | None = None,
        view: str | None = None,
        system: bool = False,
        sort: str | None = None,
        page: int = 50,
    ) -> Iterator[dict[str, Any]]:
        """The executions that match, the latest created first, fetched `page` by page (up to 500 at a time).

        `filter` is an expression over the columns of the list, like `search.customer == 'A-1' && duration > duration('5m')`;
        `view` the name of a saved view, `system` shows the engine's own workflows, too; `sort="created_at"`: the oldest first.
        """
        query: dict[str, Any] = {"workflow": workflow, "status": status, "parent": parent, "filter": filter, "view": view, "limit": page}
        query |= {"system": system or None, "sort": sort}
        return self._pages("executions", lambda cursor: ask.find(**query, cursor=cursor))

    def node_runs(self, *, filter: str | None = None, page: int = 50) -> Iterator[dict[str, Any]]:
        """The nodes of all executions that have begun and not ended, and the runs that have failed, fetched `page` by page."""
        return self._pages("node_runs", lambda cursor: ask.listed("node-runs", filter=filter, limit=page, cursor=cursor))

    def waiting(self, *, filter: str | None = None, page: int = 50) -> Iterator[dict[str, Any]]:
        """Who waits for what: signals, timers, children, slots, people; fetched `page` by page."""
        return self._pages("waiting", lambda cursor: ask.listed("waiting", filter=filter, limit=page, cursor=cursor))

    def _pages(self, name: str, page_of: Callable[[str | None], ask.Ask]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            found = self._ask(page_of(cursor))
            yield from found[name]
            cursor = found.get("next")
            if cursor is None:
                return

    def state(
        self, execution_id: str, at: int | None = None, *, time: str | None = None, whole: bool = False, min_position: int | None = None
    ) -> dict[str, Any]:
        """All that an execution is, or was after the event `at`, or at a `time`; `whole` shows values of 64 KiB and more, too."""
        asked = ask.get(execution_id, "/state", at=at, time=time, whole=whole or None, min_position=min_position)
        state: dict[str, Any] = self._ask(asked)
        return state

    def signal(self, execution_id: str, name: str, payload: Any = None, *, signal_id: str | None = None) -> dict[str, Any]:
        """Send a signal; the same `signal_id` twice is one signal."""
        answer: dict[str, Any] = self._ask(ask.signal(execution_id, name, payload, signal_id))
        return answer

    def history(self, execution_id: str, start: int = 1, *, min_position: int | None = None) -> Iterator[dict[str, Any]]:
        """The events of an execution from a version on, as far as they go now."""
        while True:
            page = self._ask(ask.get(execution_id, "/history", from_=start, min_position=min_position))
            yield from page["events"]
            if not page["events"] or page.get("next") is None:
                return
            start = page["next"]

    def stream(
        self,
        execution_id: str | None = None,
        *,
        workflow: str | None = None,
        types: str | Sequence[str] = (),
        filter: str | None = None,
        after: str | None = None,
        patience_s: float | None = PATIENCE_S,
    ) -> EventStream:
        """Public events as they happen: of an execution from its beginning until it has ended, else from now on and for ever.

        It goes on over broken connections and restarts, without gap or double, and raises Unavailable where no server answers for
        `patience_s` seconds. `after` is a `position` that an earlier stream had, `"0"` the beginning.
        """
        return EventStream(self.server, Reading(execution_id, workflow, types, filter, after, patience_s))

    def incidents(self, execution_id: str | None = None, *, filter: str | None = None) -> Rows:
        """The open incidents of an execution, or of all, the oldest first."""
        query = {"filter": filter, "limit": ask.PAGE_MAX}
        return list(self._pages("incidents", lambda cursor: ask.incidents(execution_id, **query, cursor=cursor)))

    def resolve(self, execution_id: str, incident: str, action: Literal["retry", "skip", "fail"], **more: Any) -> dict[str, Any]:
        """Resolve an incident; `more`: `output` and `port` with `skip`, `variables`."""
        answer: dict[str, Any] = self._ask(ask.resolve(execution_id, incident, action, more))
        return answer

    def attach_to_task(self, task: str, name: str, content: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
        """Attach a file of at most 10 MiB to a human task."""
        answer: dict[str, Any] = self._ask(ask.attach(task, name, content, media_type))
        return answer

    def task_attachment(self, task: str, number: int) -> bytes:
        """The content of a file that is attached to a human task; `task` says which there are."""
        content: bytes = self._ask(ask.attachment(task, number))
        return content
