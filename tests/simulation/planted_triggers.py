"""Planted bugs of triggers, and of who waits for another workflow or for one that is paused: the simulation has to find each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

import infra.server.parts
import infra.server.starts
from contracts.triggers import cause_id
from workers.partition.quotas import Quotas
from workers.triggers.dependents import Dependents
from workers.triggers.events import Events

Patch = pytest.MonkeyPatch


def start_a_cause_under_another_id_each_time(patch: Patch) -> None:
    numbers = count()

    def another(workflow: str, trigger: str, cause: str, partition: int | None = None) -> str:
        return cause_id(workflow, trigger, f"{cause} {next(numbers)}", partition)

    patch.setattr(infra.server.starts, "cause_id", another)


def pass_over_events_that_start_nothing_yet(patch: Patch) -> None:
    def done(self: Events, round_: Any, start: Any, outcome: Any) -> None:
        round_.left -= 1
        if round_.left == 0:
            self._finish(round_)

    patch.setattr(Events, "_answered", done)
    patch.setattr(Events, "_start", lambda self, round_, start, known: done(self, round_, start, None))


def let_begin_after_one_that_completed_too_long_ago(patch: Patch) -> None:
    wait = Dependents._wait
    patch.setattr(Dependents, "_wait", lambda self, workflow, waiter: wait(self, workflow, waiter._replace(since=0)))


def let_in_while_one_is_held_up(patch: Patch) -> None:
    patch.setattr(Quotas, "check_pauses", lambda self, workflow, policy: False)


TRIGGER_BUGS: dict[str, Callable[[Patch], None]] = {
    bug.__name__: bug
    for bug in (
        start_a_cause_under_another_id_each_time,
        pass_over_events_that_start_nothing_yet,
        let_begin_after_one_that_completed_too_long_ago,
        let_in_while_one_is_held_up,
    )
}
