"""Slots: `settings.concurrency`. Of the executions of a workflow with the same key, so many run at a time.

    queue     the others wait, first come, first served       replace   the oldest are cancelled to make room: the newest win
    reject    a start too many is refused                     skip      a start too many is refused as skipped

All executions of a workflow are counted in one partition. For one that lives elsewhere a keeper queues here
(`domain/execution/keeper.py`). Who holds a slot and who waits follows from the executions: one that has queued and started
holds, one that has queued and not started waits. So nothing is stored here, and after a restart it is all found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from contracts.commands import CancelExecution, Command, Envelope, GrantSlot, ReclaimSlot, RefuseSlot
from contracts.definitions import Concurrency
from contracts.errors import Rejected
from contracts.ids import is_keeper_id
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


def too_many(settings: Concurrency, workflow: str, slot: str, running: Iterable[str]) -> Rejected:
    """Why a start is refused; `running` are those that have the slots, or wait for them."""
    names = ", ".join([name for name in running if not is_keeper_id(name)][:3])
    many = "1 execution" if settings.limit == 1 else f"{settings.limit} executions"
    key = f" with the key {slot}" if slot else ""
    what = f"{many} of {workflow}{key} {'runs' if settings.limit == 1 else 'run'} already"
    return Rejected("skipped" if settings.policy == "skip" else "concurrency_limit", f"{what}: {names}" if names else what)


class Lane:
    """The executions of one workflow and key, in the order they came."""

    def __init__(self) -> None:
        self.limit = 1
        """That of the version which queued last."""
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
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._lane_of: dict[str, tuple[str, str]] = {}

    def restore(self, found: Iterable[tuple[str, str, str, bool]]) -> None:
        """Executions that have queued: name, workflow, lane, and whether they have started; in the order they came."""
        for name, workflow, lane_name, has_started in found:
            lane = self._lane(name, workflow, lane_name)
            (lane.holders if has_started else lane.waiting)[name] = None

    def _lane(self, name: str, workflow: str, lane: str) -> Lane:
        self._lane_of[name] = (workflow, lane)
        return self._lanes.setdefault((workflow, lane), Lane())

    def check(self, settings: Concurrency, workflow: str, lane_name: str, slot: str) -> None:
        """Raise Rejected for a start too many, where the policy is to refuse it."""
        lane = self._lanes.get((workflow, lane_name))
        if settings.policy in ("reject", "skip") and lane is not None and len(lane.holders) + len(lane.waiting) >= settings.limit:
            raise too_many(settings, workflow, slot, [*lane.holders, *lane.waiting])

    def take(self, name: str, workflow: str, lane_name: str, settings: Concurrency, correlation: str = "") -> Iterator[Envelope]:
        """The execution queues: its turn, if there is room; with `replace`, room is made, which goes back to what began it.

        A start is refused before it is made (`check`); a keeper is told so, and with it the execution that it stands for.
        """
        lane = self._lane(name, workflow, lane_name)
        if name in lane.holders:
            return
        lane.waiting[name] = None
        lane.limit = settings.limit
        yield from _turns(lane, workflow, settings, correlation)

    def place_of(self, name: str) -> int:
        """The place of an execution in its queue, from 1; 0 for one that does not wait here."""
        lane = self._lanes.get(self._lane_of.get(name, ("", "")))
        return list(lane.waiting).index(name) + 1 if lane is not None and name in lane.waiting else 0

    def release(self, name: str) -> Iterator[Envelope]:
        """The execution has ended: the next one's turn."""
        key = self._lane_of.pop(name, None)
        if key is None:
            return
        lane = self._lanes[key]
        lane.holders.pop(name, None)
        lane.waiting.pop(name, None)
        lane.replaced.discard(name)
        yield from _grants(lane)
        if not lane.holders and not lane.waiting:
            del self._lanes[key]

    def grant_all(self, settings_of: Mapping[str, Concurrency]) -> Iterator[Envelope]:
        """The turns, and the room made for them, that may not have been granted before a restart."""
        for (workflow, _), lane in list(self._lanes.items()):
            settings = settings_of.get(workflow)
            if settings is None:
                yield from _grants(lane)
            else:
                lane.limit = settings.limit
                yield from _turns(lane, workflow, settings)


def _turns(lane: Lane, workflow: str, settings: Concurrency, correlation: str = "") -> Iterator[Envelope]:
    if settings.policy == "replace":
        yield from _replacements(lane, correlation)
    yield from _grants(lane)
    if settings.policy in ("reject", "skip"):
        yield from _refusals(lane, workflow, settings)


def _grants(lane: Lane) -> Iterator[Envelope]:
    for name in [name for name in lane.waiting if name not in lane.replaced][: max(0, lane.limit - len(lane.holders))]:
        del lane.waiting[name]
        lane.holders[name] = None
        yield Envelope(f"{name}:slot", name, GrantSlot(), "")


def _refusals(lane: Lane, workflow: str, settings: Concurrency) -> Iterator[Envelope]:
    """Keepers for which there is no room. They leave the queue as they end."""
    for name in [name for name in lane.waiting if is_keeper_id(name)]:
        refused = too_many(settings, workflow, "of the same", lane.holders)
        yield Envelope(f"{name}:refused", name, RefuseSlot(refused.reason, str(refused)), "")


def _replacements(lane: Lane, correlation: str = "") -> Iterator[Envelope]:
    """Make room for the newest ones; asking twice is once."""
    newest = next(reversed(lane.waiting), "")
    for oldest in lane.too_many(lane.limit):
        lane.replaced.add(oldest)
        reason = "replaced by a newer one" if is_keeper_id(newest) else f"replaced by {newest}"
        command: Command = ReclaimSlot(reason) if is_keeper_id(oldest) else CancelExecution(reason)
        yield Envelope(f"{oldest}:replaced", oldest, command, newest, "", correlation)
