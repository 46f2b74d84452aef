"""Acting on a server: it records what is asked and moves by itself; here one looks how it goes."""

from __future__ import annotations

import base64
import time
from typing import Final

from msgspec.structs import asdict, fields

from contracts.commands import (
    AnswerTask,
    ChangeBreakpoints,
    ChangeHalted,
    ClaimTask,
    Command,
    CommentTask,
    DelegateTask,
    EraseExecution,
    ReleaseHalt,
    ReleaseTask,
    ResolveIncident,
    SendSignal,
)
from contracts.ids import task_id
from contracts.usage import written_limits
from contracts.values import decode
from infra.server.starts import key_id
from projections.history import HistoryEvent
from projections.waiting import comes_by_itself, in_words
from refold.cli.commands.debug_lines import body_of
from refold.cli.commands.definition_file import Written
from refold.cli.commands.interrupt import Interrupt
from refold.cli.commands.output import complain
from refold.cli.commands.progress import WAITS_FOR, Progress
from refold.cli.commands.target import ENDED, Forking, Start, Stop, Value, Waiting
from refold.client.blocking import Client
from refold.client.operations import METHODS
from refold.client.requests import LOOK_EVERY_S

CHILDREN_MAX: Final = 100
"""So many executions below one are looked at, for what they wait for."""
LOOK_AGAIN_EVERY: Final = 8
"""After so many looks without anything new the executions below are looked at, too: they may live elsewhere."""


class ServerSession:
    """A server that is asked to do things. See `refold.cli.commands.target.Session`."""

    def __init__(self, client: Client, progress: Progress, interrupt: Interrupt, worker_hint: str) -> None:
        """`worker_hint` is the command that starts a worker for this server."""
        self._client, self._progress, self._interrupt = client, progress, interrupt
        self._worker_hint = worker_hint
        self._next = 1
        """The version of the first event that was not told yet."""
        self._waiting: Waiting = {}
        self._missing: set[str] = set()
        """The kinds that no worker offers: what waits for one of them does not move by itself."""
        self._told: set[str] = set()
        progress.look = lambda: [(name, item) for name, items in self._waiting.items() for item in items]

    def publish(self, written: Written, activate: bool) -> Value:
        """See Session."""
        return self._client.publish_text(written.source.text, written.source.syntax, activate=activate)

    def activate(self, workflow: str, version: int) -> Value:
        """See Session."""
        return self._client.activate(workflow, version)

    def archive(self, workflow: str) -> list[Value]:
        """See Session."""
        return self._client.archive(workflow)

    def send_letter(self, letter: int, reason: str) -> Value:
        """See Session."""
        return self._client.send_dead_letter(letter, reason)

    def drop_letter(self, letter: int, reason: str) -> Value:
        """See Session."""
        return self._client.drop_dead_letter(letter, reason)

    def start(self, start: Start) -> Value:
        """See Session."""
        more: Value = {"variables": start.variables, "execution_id": start.execution}
        if start.breakpoints:
            more["breakpoints"] = [body_of(one) for one in start.breakpoints]
        return self._client.start(start.workflow, start.input, idempotency_key=start.key, **more)

    def fork(self, wanted: Forking) -> Value:
        """See Session."""
        more: Value = {
            "set": wanted.sets or None,
            "version": wanted.version,
            "id": wanted.own_id or (wanted.key and key_id(f"fork of {wanted.execution}", wanted.key)),
        }
        if wanted.retries:
            return self._client.retry(wanted.execution, **more)
        return self._client.fork(wanted.execution, at=wanted.at, until=wanted.until, **more)

    def give(self, execution: str, command: Command) -> None:
        """See Session."""
        self._next = self.state(execution)["at"] + 1
        client = self._client
        match command:
            case SendSignal():
                client.signal(execution, command.name, decode(command.payload), signal_id=command.signal)
            case ResolveIncident():
                self._resolve(execution, command)
            case EraseExecution():  # who asks, the server knows
                client.erase(execution, command.reason)
            case AnswerTask() | ClaimTask() | ReleaseTask() | DelegateTask() | CommentTask():
                self._act(execution, command)
            case ChangeBreakpoints() | ReleaseHalt() | ChangeHalted():
                self._debug(execution, command)
            case _:
                getattr(client, METHODS[type(command).__name__])(execution, **_said(command))

    def _resolve(self, execution: str, command: ResolveIncident) -> None:
        output = None if command.output is None else decode(command.output)
        variables = None if command.variables is None else decode(command.variables)
        limits = None if command.budget is None else written_limits(command.budget)
        self._client.resolve(
            execution, command.incident, command.action, output=output, port=command.port, variables=variables, budget=limits
        )

    def _act(self, execution: str, command: AnswerTask | ClaimTask | ReleaseTask | DelegateTask | CommentTask) -> None:
        """What a person does with a task, in their name."""
        task = task_id(execution, command.path, command.attempt)
        with self._client.acting_as(command.by.name, command.by.groups) as client:
            match command:
                case AnswerTask():
                    data, content = (None if one is None else decode(one) for one in (command.data, command.content))
                    client.answer_task(task, command.port, data, command.comment, content)
                case ClaimTask():
                    client.claim_task(task)
                case ReleaseTask():
                    client.release_task(task)
                case DelegateTask():
                    client.delegate_task(task, command.to, command.comment)
                case CommentTask(content=bytes(content)):
                    client.attach_to_task(task, command.name, base64.b64decode(decode(content)), command.media_type)
                case CommentTask():
                    client.comment_task(task, command.comment)

    def _debug(self, execution: str, command: ChangeBreakpoints | ReleaseHalt | ChangeHalted) -> None:
        with self._client.acting_as(command.by) as client:
            match command:
                case ChangeBreakpoints():
                    client.change_breakpoints(execution, [body_of(one) for one in command.set] or None, list(command.removed) or None)
                case ReleaseHalt():
                    client.release_halt(execution, **_of_release(command))
                case ChangeHalted(path, variables, data, results, at):
                    client.change_halted(
                        execution,
                        path,
                        None if variables is None else decode(variables),
                        None if data is None else decode(data),
                        {name: decode(value) for name, value in results} or None,
                        at or None,
                    )

    def debugger(self, execution: str) -> Value:
        """See Session."""
        found = self._client.debugger(execution, whole=True)
        return {name: value for name, value in found.items() if name != "position"}

    # Following.

    def follow(self, execution: str, timeout_s: float | None, patient: bool) -> Stop:
        """See Session."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        seen = -1
        looks = 0
        while True:
            view = self._client.get(execution)
            is_new = view["position"] != seen or looks % LOOK_AGAIN_EVERY == LOOK_AGAIN_EVERY - 1
            if is_new and self._look_at(execution, view):
                looks = 0
            seen = view["position"]
            if view["status"] in ENDED:
                return "ended"
            if is_new and not self._comes_by_itself() and not (patient and not self._needs_a_person()):
                return "outside"
            if self._interrupt:
                return "interrupted"
            if end is not None and time.monotonic() >= end:
                return "timeout"
            self._pause(looks, end)
            looks += 1

    def _pause(self, looks: int, end: float | None) -> None:
        pause = LOOK_EVERY_S[min(looks, len(LOOK_EVERY_S) - 1)]
        time.sleep(pause if end is None else max(0.0, min(pause, end - time.monotonic())))
        self._progress.tick()

    def _look_at(self, execution: str, view: Value) -> bool:
        """See what is new about the execution; whether anything is."""
        events = [HistoryEvent(**event) for event in self._client.history(execution, self._next, min_position=view["position"])]
        self._waiting = self.waiting(execution)
        self._missing = {row["kind"] for row in self._client.workers()["waiting"]}
        if events:
            self._next = events[-1].version + 1
        self._progress.note(execution, [self._marked(execution, event) for event in events])
        self._tell_missing_workers()
        return bool(events)

    def _marked(self, execution: str, event: HistoryEvent) -> HistoryEvent:
        """The event; of a wait for a signal with what it waits for."""
        if event.type != "NodeStarted" or self._progress.is_whole:
            return event
        items = [item for item in self._waiting.get(execution, []) if item["path"] == event.path and item["for"] == "signal"]
        return event._replace(data={**event.data, WAITS_FOR: in_words(items[0])}) if items else event

    def _tell_missing_workers(self) -> None:
        for item in (item for items in self._waiting.values() for item in items if item.get("kind") in self._missing):
            if item["kind"] not in self._told:
                self._told.add(item["kind"])
                complain(f"{item['path']} waits for a worker that offers {item['kind']}: {self._worker_hint}")

    def _comes_by_itself(self) -> bool:
        """Whether anything moves. A child that has ended is about to tell its parent."""
        for items in self._waiting.values():
            children = [item["execution"] for item in items if item["for"] == "child"]
            offered = [item for item in items if item.get("kind") not in self._missing]
            if comes_by_itself(offered) or any(not self._waiting.get(child) for child in children):
                return True
        return not self._waiting

    def _needs_a_person(self) -> bool:
        return any(item["for"] in ("incident", "task", "halt") for items in self._waiting.values() for item in items)

    # Looking.

    def state(self, execution: str) -> Value:
        """See Session."""
        position = self._client.get(execution)["position"]
        return self._client.state(execution, whole=True, min_position=position)

    def waiting(self, execution: str) -> Waiting:
        """See Session."""
        found: Waiting = {}
        names = [execution]
        for name in names:
            state = self.state(name)
            if state["status"] in ENDED:
                continue
            found[name] = state["waiting_for"]
            children = [item["execution"] for item in found[name] if item["for"] == "child"]
            names += [child for child in children if child not in found and len(names) < CHILDREN_MAX]
        return found


def _of_release(command: ReleaseHalt) -> Value:
    """What a client says of it."""
    failure = command.failure
    return {
        "path": command.path or None,
        "action": command.action,
        "to": command.target or None,
        "output": None if command.output is None else decode(command.output),
        "port": command.port,
        "error": None if failure is None else {"type": failure.type, "message": failure.message},
        "at": command.at or None,
    }


def _said(command: Command) -> dict[str, object]:
    """The fields of a command that say something: what a method of the client does not know is left as it is."""
    left = {field.name: field.default for field in fields(command)}
    return {name: value for name, value in asdict(command).items() if value != left[name]}
