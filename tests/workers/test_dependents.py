"""Dependents in an engine: who waits for another workflow is told when that has completed, before or after, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from contracts.commands import CancelExecution, SendSignal
from infra.server.trigger_ground import StepGround
from tests.workers.harness import Bench
from workers.triggers.dependents import ASKED_MAX
from workers.triggers.event_ground import Known

HOUR = 3_600_000
IMPORT: dict[str, Any] = {"name": "import", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
AFTER = {"workflow": "import", "within": "1h", "key": "input.day"}


def report(after: Any = AFTER, name: str = "report", **more: Any) -> dict[str, Any]:
    return {"name": name, "settings": {"after": after, **more}, "nodes": [{"id": "n", "type": "merge"}]}


def bench_with(*definitions: dict[str, Any], **settings: Any) -> Bench:
    bench = Bench(**settings)
    bench.publish(IMPORT, *definitions)
    bench.move(time=False)
    return bench


def begin(bench: Bench, workflow: str, name: str, day: str = "monday") -> None:
    bench.start(workflow, {"day": day}, execution=name)
    bench.move(time=False)


def complete(bench: Bench, name: str) -> None:
    bench.ask(name, SendSignal(f"s-{name}", "go", b"1"))


def met(bench: Bench, name: str) -> list[str]:
    commands = [entry.decision.command for entry in bench.entries(name)]
    return [one.execution for one in commands if type(one).__name__ == "MeetDependency"]  # type: ignore[union-attr]  # it is one


def test_it_begins_when_an_execution_with_the_same_key_has_completed() -> None:
    bench = bench_with(report())
    begin(bench, "import", "i-1")
    begin(bench, "import", "i-2", "tuesday")
    begin(bench, "report", "r-1")
    complete(bench, "i-2")
    assert bench.status("r-1") == "created"
    complete(bench, "i-1")
    assert (bench.status("r-1"), met(bench, "r-1")) == ("completed", ["i-1"])
    assert not bench.verify().divergences


def test_values_that_are_equal_are_the_same_key_however_they_are_written() -> None:
    bench = bench_with(report({**AFTER, "key": "input"}))
    bench.start("import", {"day": 1.0, "of": [{"year": 2026, "month": 11}]}, execution="i-1")
    bench.start("report", {"of": [{"month": 11.0, "year": 2026}], "day": 1}, execution="r-1")
    bench.move(time=False)
    complete(bench, "i-1")
    assert (bench.status("r-1"), met(bench, "r-1")) == ("completed", ["i-1"])


def test_one_that_has_completed_lately_counts_and_an_older_one_does_not() -> None:
    bench = bench_with(report())
    begin(bench, "import", "i-1")
    complete(bench, "i-1")
    bench.clock.advance(HOUR)
    begin(bench, "report", "r-1")
    assert bench.status("r-1") == "completed"
    bench.clock.advance(1)
    begin(bench, "report", "r-2")
    assert bench.status("r-2") == "created"
    begin(bench, "import", "i-2")
    complete(bench, "i-2")
    assert (met(bench, "r-1"), met(bench, "r-2")) == (["i-1"], ["i-2"])


def test_what_completed_before_anybody_published_what_waits_for_it_counts_too() -> None:
    bench = bench_with()
    begin(bench, "import", "i-1")
    complete(bench, "i-1")
    bench.publish(report())
    begin(bench, "report", "r-1")
    assert bench.status("r-1") == "completed"


def test_one_that_fails_or_is_cancelled_is_no_completion_and_when_the_time_is_over_it_fails() -> None:
    bench = bench_with(report(), report({**AFTER, "on_timeout": "start"}, "patient"))
    begin(bench, "import", "i-1")
    begin(bench, "report", "r-1")
    begin(bench, "patient", "p-1")
    bench.ask("i-1", CancelExecution())
    assert (bench.status("r-1"), bench.status("p-1")) == ("created", "created")
    bench.move()
    assert (bench.status("r-1"), bench.status("p-1")) == ("failed", "completed")
    assert bench.clock.now() == 1_000_000 + HOUR
    assert not bench.verify().divergences


def test_of_several_each_is_waited_for_and_without_a_key_any_execution_does() -> None:
    bench = bench_with(report([{"workflow": "import", "within": "1h"}, {"workflow": "check", "within": "1h", "key": "input.day"}]))
    bench.publish({**IMPORT, "name": "check"})
    begin(bench, "report", "r-1")
    begin(bench, "import", "i-1", "another")
    complete(bench, "i-1")
    assert bench.status("r-1") == "created"
    begin(bench, "check", "c-1")
    complete(bench, "c-1")
    assert (bench.status("r-1"), met(bench, "r-1")) == ("completed", ["i-1", "c-1"])


def test_one_completion_lets_all_begin_that_wait_for_it_and_a_chain_goes_on_by_itself() -> None:
    bench = bench_with(report(), report({**AFTER, "workflow": "report"}, "summary"))
    for number in range(5):
        begin(bench, "report", f"r-{number}")
    begin(bench, "summary", "s-1")
    begin(bench, "import", "i-1")
    complete(bench, "i-1")
    assert {bench.status(name) for name in ("r-0", "r-1", "r-2", "r-3", "r-4", "s-1")} == {"completed"}


@pytest.mark.parametrize("with_snapshot", [False, True])
@pytest.mark.parametrize("live_max", [1, 5_000])
def test_killed_at_any_step_each_begins_once_as_soon_as_its_own_has_completed(with_snapshot: bool, live_max: int) -> None:
    bench = bench_with(report(), live_max=live_max)
    days = [f"d{number}" for number in range(12)]
    for number, day in enumerate(days):
        first, second = ("import", "report") if number % 2 else ("report", "import")
        begin(bench, first, f"{first}-{day}", day)
        begin(bench, second, f"{second}-{day}", day)
    if with_snapshot:
        bench.engine.owner.snapshot()
    for number, day in enumerate(days):
        bench.engine.send(f"import-{day}", SendSignal("s", "go", b"1"))
        for _ in range(number % 5):
            bench.engine.step()
        bench.restart()
        if bench.status(f"import-{day}") == "running":  # killed before it was stored
            complete(bench, f"import-{day}")
    bench.move(time=False)
    assert [bench.status(f"report-{day}") for day in days] == ["completed"] * 12
    assert [met(bench, f"report-{day}") for day in days] == [[f"import-{day}"] for day in days]
    assert not bench.verify().divergences


def test_who_waits_no_more_is_forgotten_and_nobody_hears_then() -> None:
    bench = bench_with(report())
    begin(bench, "report", "r-1")
    bench.ask("r-1", CancelExecution())
    bench.clock.advance(60_000)
    bench.move(time=False)
    begin(bench, "import", "i-1")
    complete(bench, "i-1")
    assert bench.status("r-1") == "cancelled"


def test_an_input_without_the_key_lets_nobody_begin() -> None:
    bench = bench_with(report())
    begin(bench, "report", "r-1")
    bench.start("import", {}, execution="i-1")
    bench.move(time=False)
    complete(bench, "i-1")
    assert bench.status("r-1") == "created"


def test_what_has_completed_before_the_time_of_all_who_wait_is_forgotten_and_looked_up_again_for_who_asks_farther_back() -> None:
    bench = bench_with(report(), report({**AFTER, "within": "10h"}, "slow"))
    begin(bench, "report", "r-0", "never")
    for number in range(5):
        begin(bench, "import", f"i-{number}", f"d{number}")
        complete(bench, f"i-{number}")
    for number in range(1, 4):  # somebody waits all the while
        bench.clock.advance(HOUR - 60_000)
        begin(bench, "report", f"r-{number}", "never")
    begin(bench, "import", "i-5", "d5")
    complete(bench, "i-5")
    bench.clock.advance(60_000)
    bench.move(time=False)
    (watch,) = remembered(bench)
    assert list(watch.completed) == ["i-5"]
    assert {one.execution for one in watch.latest.values()} == {"i-5"}
    begin(bench, "slow", "s-1", "d0")
    assert (bench.status("s-1"), met(bench, "s-1")) == ("completed", ["i-0"])
    begin(bench, "report", "r-4", "d5")
    assert bench.status("r-4") == "completed"


class Slow(StepGround):
    """Answers what an execution knows when it is told to."""

    def __init__(self, alone: Any) -> None:
        super().__init__(alone, "")
        self.asked: list[Callable[[], None]] = []

    def know(self, execution: str, names: Sequence[str], then: Callable[[Known | Exception], None]) -> None:
        self.asked.append(partial(super().know, execution, names, then))


def test_the_inputs_of_a_few_are_read_at_a_time_however_many_have_completed() -> None:
    bench = bench_with(report())
    for number in range(3 * ASKED_MAX):
        begin(bench, "import", f"i-{number}", f"d{number}")
        complete(bench, f"i-{number}")
    dependents = part_of(bench)._dependents
    slow = dependents._ground = Slow(dependents._ground._alone)
    for number in range(3 * ASKED_MAX):
        begin(bench, "report", f"r-{number}", f"d{number}")
    most = 0
    while slow.asked:
        most = max(most, len(slow.asked))
        slow.asked.pop(0)()
        bench.move(time=False)
    assert most == ASKED_MAX
    assert {bench.status(f"r-{number}") for number in range(3 * ASKED_MAX)} == {"completed"}


def test_what_is_forgotten_while_its_input_is_read_meets_nobody() -> None:
    bench = bench_with(report())
    begin(bench, "import", "i-1")
    complete(bench, "i-1")
    dependents = part_of(bench)._dependents
    slow = dependents._ground = Slow(dependents._ground._alone)
    begin(bench, "report", "r-1")
    for number in range(2, 5):
        bench.clock.advance(HOUR - 60_000)
        begin(bench, "report", f"r-{number}")
    bench.clock.advance(60_000)
    bench.move(time=False)
    (watch,) = remembered(bench)
    assert not watch.completed
    slow.asked.pop(0)()
    bench.move(time=False)
    assert bench.status("r-4") == "created"


def part_of(bench: Bench) -> Any:
    """The part that looks after who waits."""
    return bench.engine.step.__self__.parts["dependents"]  # type: ignore[attr-defined]  # of a process


def remembered(bench: Bench) -> list[Any]:
    """What is known of the workflows that are waited for."""
    return list(part_of(bench)._dependents._watches.values())
