"""Circuit breakers: what the owner of a partition does about them. It holds what goes by one that is not closed.

    an activity is called for ── all its breakers are closed ──► handed out
                              └─ one is not ──► HoldActivity: it waits, and no attempt is spent
    a breaker is half-open ──► one that it holds here is offered; if it is granted, ReleaseActivity comes, and it tries
    a breaker is closed, or gone ──► ReleaseActivity for all that it holds here

What is held follows from the executions, so after a restart it is all found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from contracts.breakers import BreakerTold
from contracts.commands import Command, Envelope, FailActivity, FireTimer, HoldActivity, ReleaseActivity, ReportToBreaker, RunActivity
from contracts.errors import RefoldError
from contracts.events import ActivityHeld
from contracts.ids import activity_key
from contracts.values import blob_of, is_reference
from domain.execution.breaker import HOME, breaker_id
from domain.execution.history import Folded
from domain.execution.paths import held_by, is_for_worker
from domain.execution.react import run_activity
from domain.execution.state import Execution
from workers.partition.breaker_book import BreakerBook, is_counted
from workers.partition.breaker_home import BreakerHome
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.round import Item, Made

FAILING: Final = frozenset((FailActivity, FireTimer))
"""The commands by which an attempt may fail in a way that counts."""
LIMITS: Final = ("start_to_close", "heartbeat")
"""The time limits that say something of what an attempt goes to."""


class Breakers:
    """Of one partition, while its claim stands."""

    def __init__(
        self, partition: int, executions: Executions, catalog: Catalog, book: BreakerBook, read_blob: Callable[[str], bytes]
    ) -> None:
        self._executions, self.book, self._read_blob = executions, book, read_blob
        self.home = BreakerHome(partition, executions, catalog, book) if partition == HOME else None
        self.held: dict[str, dict[tuple[str, str], int]] = {}
        """By breaker: the attempts that it holds here, by execution and path; those that have waited longest come first."""
        self._names: dict[str, dict[str, str]] = {}
        """By execution and path: the breaker that holds it."""
        self._offered: dict[str, tuple[BreakerTold, int]] = {}
        """By breaker: how it stood when one was offered last, and when that was."""
        self._idle: set[str] = set()
        """Breakers of which nothing that they hold could try, until something of that moves: its execution is paused."""
        self._declined: list[Item] = []

    # What is called for, and what has failed.

    def shut_for(self, activity: RunActivity) -> str:
        """The first breaker that holds an activity; empty where none does."""
        names = self.book.names_of(activity.kind, lambda: self._content(activity.config), self.book.shut)
        if not names:
            return ""
        folded = self._executions.get(activity.execution)
        if folded is not None and folded.state.test is not None:  # it counts for none, and none holds it
            return ""
        trial = None if folded is None else folded.state.trials.get(activity.path)
        tries_by = trial.breaker if trial is not None and trial.attempt == activity.attempt else ""
        return next((name for name in names if name != tries_by), "")

    def judged(self, folded: Folded, command: Any) -> Any:
        """The command by which an attempt may fail, with the breakers that this counts for."""
        if isinstance(command, FailActivity):
            path, is_one = command.path, is_counted(command.failure, command.retryable)
        else:
            path, _, purpose = command.timer.rpartition(":")
            is_one = purpose in LIMITS
        run = folded.state.runs.get(path)
        if not is_one or run is None or run.status != "active" or not is_for_worker(folded.graph, run):
            return command
        activity = run_activity(folded.graph, folded.state, run)
        names = self.book.names_of(activity.kind, lambda: self._content(activity.config), self.book.rules)
        return msgspec.structs.replace(command, breakers=names) if names else command

    def _content(self, config: bytes) -> bytes:
        if not is_reference(config):
            return config
        try:
            return self._read_blob(blob_of(config))
        except (RefoldError, KeyError):
            return b""

    # What is held.

    def restore(self) -> None:
        """What is held, by the executions alone."""
        for folded in self._executions.active():
            for run in folded.state.runs.values():
                if name := held_by(run):
                    self._hold(name, folded.state.execution, run.path, run.attempt)
        if self.home is not None:
            self.home.restore()

    def _hold(self, name: str, execution: str, path: str, attempt: int) -> None:
        self._let_go(execution, path)
        self._idle.discard(name)
        self.held.setdefault(name, {})[execution, path] = attempt
        self._names.setdefault(execution, {})[path] = name

    def note(self, made: Made) -> None:
        """A decision is durable that may be about what is held, or about a breaker."""
        state = made.folded.state
        if state.breaker is not None and self.home is not None:
            self.home.note(state)
        if state.execution in self._names:
            self._idle.clear()
        for event in made.decision.events:
            if isinstance(event, ActivityHeld):
                self._hold(event.breaker, state.execution, event.path, event.attempt)
            elif self._names and (path := getattr(event, "path", None)) is not None and not _is_held(state, path):
                self._let_go(state.execution, path)
        if state.ended_at and self._names:
            for path in list(self._names.get(state.execution, ())):
                self._let_go(state.execution, path)

    def _let_go(self, execution: str, path: str) -> None:
        paths = self._names.get(execution, {})
        name = paths.pop(path, None)
        if name is None:
            return
        kept = self.held[name]
        del kept[execution, path]
        if not kept:
            del self.held[name]
        if not paths:
            del self._names[execution]

    def declined(self, envelope: Envelope, command: ReleaseActivity) -> None:
        """An attempt that was to try does not wait any more: another one may."""
        report = ReportToBreaker(command.breaker, "abandoned", envelope.execution, command.path, command.attempt)
        self._declined.append(_to_breaker(report))

    # What follows.

    def step(self, now: int) -> Iterator[Item]:
        """What is to be sent now; many times is once."""
        declined, self._declined = self._declined, []
        yield from declined
        if self.home is not None:
            yield from self.home.gone()
        for name in list(self.held):
            told = self.book.shut.get(name)
            if told is None:
                yield from self._released(name)
            elif told.state == "half_open" and self._is_to_be_offered(name, told, now):
                yield from self._offer(name, told, now)

    def _released(self, name: str) -> Iterator[Item]:
        self._offered.pop(name, None)
        self._idle.discard(name)
        for (execution, path), attempt in list(self.held[name].items()):
            self._let_go(execution, path)
            key = activity_key(execution, path, attempt)
            yield Item(Envelope(f"{key}:released", execution, ReleaseActivity(path, attempt, name)), None)

    def _is_to_be_offered(self, name: str, told: BreakerTold, now: int) -> bool:
        offered = self._offered.get(name)
        return name not in self._idle and (offered is None or offered[0] != told or now >= self._again(name, offered[1]))

    def _again(self, name: str, at: int) -> int:
        rule = self.book.rules.get(name)
        return at + (rule.limits.cool_down_ms if rule is not None else 0)

    def _offer(self, name: str, told: BreakerTold, now: int) -> Iterator[Item]:
        for (execution, path), attempt in self.held[name].items():
            folded = self._executions.get(execution)
            if folded is not None and _could_try(folded.state, path, name):
                self._offered[name] = told, now
                yield _to_breaker(ReportToBreaker(name, "offered", execution, path, attempt))
                return
        self._offered.pop(name, None)
        self._idle.add(name)

    @property
    def due(self) -> int | None:
        """When one is to be offered again (milliseconds since 1970)."""
        if self._declined:
            return 0
        waiting = (self._again(name, at) for name, (_, at) in self._offered.items() if name in self.held and self._is_half_open(name))
        return min(waiting, default=None) if self.held else None

    def _is_half_open(self, name: str) -> bool:
        told = self.book.shut.get(name)
        return told is not None and told.state == "half_open"

    def counts(self) -> Mapping[str, int]:
        """How many attempts each breaker holds here."""
        return {name: len(kept) for name, kept in self.held.items()}


def _is_held(state: Execution, path: str) -> bool:
    run = state.runs.get(path)
    return run is not None and held_by(run) != ""


def _could_try(state: Execution, path: str, name: str) -> bool:
    run = state.runs.get(path)
    return run is not None and held_by(run) == name and not state.paused


def _to_breaker(report: ReportToBreaker) -> Item:
    name = f"{activity_key(report.execution, report.path, report.attempt)}:{report.what}:{report.breaker}"
    return Item(Envelope(name, breaker_id(report.breaker), report, report.execution), None)


def hold(activity: RunActivity, breaker: str) -> Envelope:
    """The command by which an activity waits."""
    key = activity_key(activity.execution, activity.path, activity.attempt)
    command: Command = HoldActivity(activity.path, activity.attempt, breaker)
    return Envelope(f"{key}:held:{breaker}", activity.execution, command, activity.execution)
