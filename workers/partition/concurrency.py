"""Slots: `settings.concurrency`. Of the executions of a workflow with the same key, so many run at a time.

    queue     the others wait, first come, first served       replace   the oldest are cancelled to make room: the newest win
    reject    a start too many is refused                     skip      a start too many is refused as skipped

Who holds a slot and who waits follows from the executions: one that has queued and started holds, one that has queued
and not started waits. So nothing is stored here, and after a restart it is all found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from contracts.commands import CancelExecution, Envelope, GrantSlot
from contracts.definitions import Concurrency
from contracts.errors import Rejected
from workers.partition.catalog import Catalog


def settings_by_workflow(catalog: Catalog, queues: Iterable[tuple[str, str, str, bool]]) -> dict[str, Concurrency]:
    """The limits of the workflows of executions that queue. An archived one has no active version: its executions go on one at a time."""
    found: dict[str, Concurrency] = {}
    for workflow in {workflow for _, workflow, _, _ in queues}:
        with suppress(Rejected):
            _, definition = catalog.resolve(workflow)
            if (settings := catalog.graph(definition).settings.concurrency) is not None:
                found[workflow] = settings
    return found


class Lane:
    """The executions of one workflow and key, in the order they came."""

    def __init__(self) -> None:
        self.holders: dict[str, None] = {}
        self.waiting: dict[str, None] = {}
        self.replaced: set[str] = set()
        """Those that were asked to make room, and have not ended yet."""

    def too_many(self, limit: int) -> list[str]:
        """Of those that were not asked to make room, the oldest ones over the limit."""
        staying = [name for name in (*self.holders, *self.waiting) if name not in self.replaced]
        return staying[: max(0, len(staying) - limit)]


class Slots:
    """Grants turns. What it answers are commands to send; sending one twice is once."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], Lane] = {}
        self._lane_of: dict[str, tuple[str, str]] = {}

    def restore(self, found: Iterable[tuple[str, str, str, bool]]) -> None:
        """Executions that have queued: name, workflow, slot, and whether they have started; in the order they came."""
        for name, workflow, slot, has_started in found:
            group = self._group(name, workflow, slot)
            (group.holders if has_started else group.waiting)[name] = None

    def _group(self, name: str, workflow: str, slot: str) -> Lane:
        self._lane_of[name] = (workflow, slot)
        return self._groups.setdefault((workflow, slot), Lane())

    def check(self, settings: Concurrency, workflow: str, slot: str) -> None:
        """Raise Rejected for a start too many, where the policy is to refuse it."""
        group = self._groups.get((workflow, slot))
        if settings.policy not in ("reject", "skip") or group is None or len(group.holders) + len(group.waiting) < settings.limit:
            return
        reason = "skipped" if settings.policy == "skip" else "concurrency_limit"
        running = ", ".join([*group.holders, *group.waiting][:3])
        raise Rejected(reason, f"{settings.limit} executions of {workflow} with the key {slot or 'of all'} run already: {running}")

    def take(self, name: str, workflow: str, slot: str, settings: Concurrency, correlation: str = "") -> Iterator[Envelope]:
        """The execution queues: its turn, if there is room; with `replace`, room is made, which goes back to what began it."""
        group = self._group(name, workflow, slot)
        if name in group.holders:
            return
        group.waiting[name] = None
        if settings.policy == "replace":
            yield from _replacements(group, settings.limit, correlation)
        yield from self._grant(group, settings.limit)

    def release(self, name: str, settings: Concurrency | None) -> Iterator[Envelope]:
        """The execution has ended: the next one's turn."""
        key = self._lane_of.pop(name, None)
        if key is None:
            return
        group = self._groups[key]
        group.holders.pop(name, None)
        group.waiting.pop(name, None)
        group.replaced.discard(name)
        yield from self._grant(group, settings.limit if settings is not None else 1)
        if not group.holders and not group.waiting:
            del self._groups[key]

    def grant_all(self, settings_of: Mapping[str, Concurrency]) -> Iterator[Envelope]:
        """The turns, and the room made for them, that may not have been granted before a restart."""
        for (workflow, _), group in list(self._groups.items()):
            settings = settings_of.get(workflow)
            limit = 1 if settings is None else settings.limit
            if settings is not None and settings.policy == "replace":
                yield from _replacements(group, limit)
            yield from self._grant(group, limit)

    def _grant(self, group: Lane, limit: int) -> Iterator[Envelope]:
        for name in [name for name in group.waiting if name not in group.replaced][: max(0, limit - len(group.holders))]:
            del group.waiting[name]
            group.holders[name] = None
            yield Envelope(f"{name}:slot", name, GrantSlot(), "")


def _replacements(group: Lane, limit: int, correlation: str = "") -> Iterator[Envelope]:
    """Make room for the newest ones; asking twice is once."""
    newest = next(reversed(group.waiting), "")
    for oldest in group.too_many(limit):
        group.replaced.add(oldest)
        yield Envelope(f"{oldest}:replaced", oldest, CancelExecution(f"replaced by {newest}"), newest, "", correlation)
