"""Remote workers: leases, lost answers, late results, priorities, and what waits visibly. Moved by hand with a manual clock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.commands import (
    Caching,
    CancelActivity,
    Command,
    CompleteActivity,
    FailActivity,
    Limits,
    LoseActivity,
    ReportProgress,
    ReportStarted,
    RunActivity,
)
from contracts.errors import Overloaded
from contracts.values import reference_to
from contracts.worker_protocol import (
    Assignment,
    BadMessage,
    Poll,
    Result,
    ResultError,
    WaitingRow,
    WrongProtocol,
    read_poll,
)
from contracts.worker_results import APART_BYTES_MAX, TooMuch, read_results
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from workers.running.activity_settings import ActivitySettings
from workers.running.result_cache import MemoryResultCache, SqliteResultCache
from workers.tasks.leases import WORKERS_MAX, TaskLeases

LEASE_MS = 30_000


class Local:
    """A local worker that only notes what it is told."""

    def __init__(self) -> None:
        self.ran: list[RunActivity] = []
        self.cancelled: list[CancelActivity] = []

    def run(self, activity: RunActivity) -> None:
        self.ran.append(activity)

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        self.ran.extend(activities)

    def cancel(self, activity: CancelActivity) -> None:
        self.cancelled.append(activity)

    def step(self) -> bool:
        return False

    def next_due(self) -> int | None:
        return None

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        return 7 if execution == "local" else None

    def stop(self, timeout_s: float = 10.0) -> bool:
        return True


class Desk:
    """Remote workers, and what they reported to the owner."""

    def __init__(self) -> None:
        self.clock, self.blobs, self.local = ManualClock(1_000_000), MemoryBlobs(), Local()
        self.cache = MemoryResultCache(self.clock)
        self.reports: list[tuple[str, Command]] = []
        settings = ActivitySettings(output_bytes_max=100)
        self.remote = TaskLeases(
            self.local,
            {"noop"},
            settings,
            lambda execution, command: self.reports.append((execution, command)),
            self.clock,
            self.blobs,
            LEASE_MS,
            self.cache,
        )

    def run(self, execution: str = "e", kind: str = "pay", attempt: int = 1, **more: Any) -> str:
        self.remote.run(RunActivity(execution, "n", attempt, kind, more.pop("config", b"{}"), more.pop("input", b"1"), "w", **more))
        return f"{execution}/n@{attempt}"

    def poll(self, worker: str = "a", *, running: tuple[str, ...] = (), credits: int = 10, **more: Any) -> Assignment:
        more.setdefault("kinds", ("pay",))
        return self.remote.poll(Poll(protocol=1, worker=worker, running=running, credits=credits, **more))

    def tasks(self, worker: str = "a", **more: Any) -> list[str]:
        return [task.task for task in self.poll(worker, **more).tasks]

    def result(self, task: str, worker: str = "a", **result: Any) -> Command | str | None:
        return self.remote.receive(worker, Result(task=task, **result))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


# A takeover, and a clock that is set back.


def test_a_takeover_calls_off_what_nobody_waits_for_any_more(desk: Desk) -> None:
    given, waiting = desk.run("given"), desk.run("waiting")
    desk.poll(credits=1)
    kept = RunActivity("kept", "n", 1, "pay", b"{}", b"1", "w")
    desk.remote.take_over([kept])
    assert desk.remote.in_hand == 1
    assignment = desk.poll(running=(given,))
    assert (assignment.cancel, [task.task for task in assignment.tasks]) == ([given], ["kept/n@1"])
    assert desk.result(waiting, output=raw(1)) == "not_waited_for"


def test_a_clock_that_is_set_back_does_not_make_a_lease_longer(desk: Desk) -> None:
    desk.run()
    desk.poll()
    desk.remote.step()
    desk.clock.set(500_000)
    desk.remote.step()
    desk.clock.set(500_000 + LEASE_MS)
    desk.remote.step()
    assert desk.reports == [("e", LoseActivity("n", 1, "a"))]


# Giving.


def test_a_kind_of_the_local_worker_goes_there(desk: Desk) -> None:
    desk.run(kind="noop")
    assert [activity.kind for activity in desk.local.ran] == ["noop"]
    assert desk.tasks(kinds=("noop",)) == []


def test_a_task_tells_all_that_a_worker_needs(desk: Desk) -> None:
    desk.run(input=b'{"a": 1}', config=b'{"b": 2}', limits=Limits(5_000, 1_000, True), priority=7)
    (task,) = desk.poll().tasks
    assert msgspec.to_builtins(msgspec.structs.replace(task, config=None, input=None)) == {
        "task": "e/n@1", "execution": "e", "workflow": "w", "path": "n", "attempt": 1, "kind": "pay", "config": None, "input": None,
        "idempotency_key": "e/n", "timeout_ms": 5_000, "heartbeat_ms": 1_000, "priority": 7, "report_start": True,
    }  # fmt: skip
    assert (bytes(task.config), bytes(task.input)) == (b'{"b": 2}', b'{"a": 1}')


def test_a_big_value_is_sent_instead_of_its_reference(desk: Desk) -> None:
    desk.blobs.put(b'"big"')
    desk.run(input=reference_to(b'"big"'))
    assert bytes(desk.poll().tasks[0].input) == b'"big"'


def test_a_value_that_is_lost_is_a_failure_of_the_activity(desk: Desk) -> None:
    desk.run(input=reference_to(b"gone"))
    assert desk.tasks() == []
    ((_, command),) = desk.reports
    assert isinstance(command, FailActivity)
    assert command.failure.type == "blob.missing"


def test_the_most_urgent_comes_first_and_among_equals_the_oldest(desk: Desk) -> None:
    for execution, kind, priority in (("a", "pay", 5), ("b", "ship", 5), ("c", "pay", 9), ("d", "pay", 5), ("e", "ship", 0)):
        desk.run(execution, kind, priority=priority)
    assert desk.tasks(kinds=("ship", "pay")) == ["c/n@1", "a/n@1", "b/n@1", "d/n@1", "e/n@1"]


def test_only_offered_kinds_and_queues_are_given(desk: Desk) -> None:
    desk.run("a", queue="gpu")
    desk.run("b", "ship")
    assert desk.tasks() == []
    assert desk.tasks(queues=("default", "gpu")) == ["a/n@1"]


def test_a_worker_gets_no_more_than_its_credits(desk: Desk) -> None:
    for number in range(5):
        desk.run(f"e{number}")
    given = tuple(desk.tasks(credits=2))
    assert given == ("e0/n@1", "e1/n@1")
    assert desk.tasks(credits=0, running=given) == []


def test_an_end_that_was_accepted_while_the_poll_was_on_its_way_makes_room(desk: Desk) -> None:
    first = desk.run()
    assert desk.tasks(credits=1) == [first]
    desk.result(first, output=raw(1))
    desk.remote.settle(first)
    second = desk.run("f")
    assert desk.tasks(credits=0, running=(first,)) == [second]


def test_while_a_poll_waits_an_end_makes_room_for_another_task(desk: Desk) -> None:
    first, second = desk.run("a"), desk.run("b")
    desk.tasks(credits=1)
    desk.tasks(credits=0, running=(first,))
    assert desk.remote.take("a").tasks == []
    desk.result(first, output=raw(1))
    desk.remote.settle(first)
    assert [task.task for task in desk.remote.take("a").tasks] == [second]


def test_the_same_attempt_twice_is_in_hand_once(desk: Desk) -> None:
    desk.run()
    desk.run()
    assert desk.tasks() == ["e/n@1"]


# Leases.


def test_a_task_whose_worker_is_silent_for_a_lease_is_lost(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    desk.clock.advance(LEASE_MS - 1)
    desk.remote.step()
    assert desk.reports == []
    desk.clock.advance(1_000)
    assert desk.remote.step()
    assert desk.reports == [("e", LoseActivity("n", 1, "a"))]
    assert desk.result(task, output=raw(1)) == "not_waited_for"


def test_a_poll_that_names_it_renews_the_lease(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    for _ in range(5):
        desk.clock.advance(LEASE_MS - 1_000)
        desk.poll(running=(task,))
        desk.remote.step()
    assert desk.reports == []


def test_progress_renews_the_lease_of_that_task_only(desk: Desk) -> None:
    first, second = desk.run("a"), desk.run("b")
    desk.poll()
    desk.clock.advance(LEASE_MS - 1_000)
    desk.result(first, progress=0.5)
    desk.clock.advance(2_000)
    desk.remote.step()
    assert [execution for execution, _ in desk.reports] == ["b"]
    assert second == "b/n@1"


def test_what_the_answer_lost_is_offered_again_at_once_as_the_same_attempt(desk: Desk) -> None:
    task, later = desk.run("a"), desk.run("b", priority=5)
    assert desk.tasks(credits=1) == [task]
    assert desk.tasks(running=()) == [task, later]
    assert desk.reports == []


def test_what_is_handed_back_another_worker_gets(desk: Desk) -> None:
    task = desk.run()
    desk.tasks("a")
    desk.poll("a", kinds=(), credits=0)
    assert desk.tasks("b") == [task]
    assert [row.worker for row in desk.remote.workers().workers] == ["b"]


def test_after_a_restart_a_worker_keeps_what_it_still_has(desk: Desk) -> None:
    task = desk.run()
    assert desk.poll("a", running=(task,)) == Assignment(tasks=[], cancel=[], lease_s=30)
    assert desk.tasks("b") == []
    assert desk.result(task, output=raw(3)) == CompleteActivity("n", 1, b"3")


def test_after_a_restart_a_result_is_taken_even_before_the_first_poll(desk: Desk) -> None:
    task = desk.run()
    assert desk.result(task, output=raw(3)) == CompleteActivity("n", 1, b"3")
    assert desk.tasks("b") == []


# Results.


def test_an_output_passes_through_byte_for_byte(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    assert desk.result(task, output=msgspec.Raw(b'{"a" : 1.50}')) == CompleteActivity("n", 1, b'{"a" : 1.50}')


def test_an_error_becomes_a_failure(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    command = desk.result(task, error=ResultError(type="card.declined", message="no", details={"code": 5}, retryable=False))
    assert isinstance(command, FailActivity)
    assert (command.failure.type, command.failure.message, command.failure.details) == ("card.declined", "no", {"code": 5})
    assert not command.retryable


def test_an_output_at_the_limit_is_taken_and_one_over_it_fails(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    assert isinstance(desk.result(task, output=raw("x" * 98)), CompleteActivity)
    command = desk.result(task, output=raw("x" * 99))
    assert isinstance(command, FailActivity)
    assert command.failure.type == "output.too_large"


def test_a_result_that_comes_again_is_accepted_and_does_nothing(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    desk.result(task, output=raw(1))
    desk.remote.settle(task)
    assert desk.result(task, output=raw(1)) is None
    assert desk.poll(running=(task,)).cancel == []


def test_a_result_of_a_task_that_another_worker_has_is_refused(desk: Desk) -> None:
    task = desk.run()
    desk.tasks("a")
    assert desk.result(task, "b", output=raw(1)) == "not_yours"


def test_a_result_that_says_nothing_is_refused(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    assert desk.result(task) == "empty"


def test_a_start_is_reported_once_and_only_where_time_limits_want_it(desk: Desk) -> None:
    limited, free = desk.run("a", limits=Limits(1_000, None, True)), desk.run("b")
    desk.tasks()
    assert desk.result(limited, started=True) == ReportStarted("n", 1, "a")
    assert desk.result(limited, started=True) is None
    assert desk.result(free, started=True) is None


def test_progress_is_passed_on_once_a_second_the_first_and_the_last_always(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    assert desk.result(task, progress=0.1, detail=raw("a")) == ReportProgress("n", 1, 0.1, b'"a"')
    assert desk.result(task, progress=0.2) is None
    assert desk.result(task, progress=1.0) == ReportProgress("n", 1, 1.0)
    desk.clock.advance(1_000)
    assert desk.result(task, progress=None) is None


def test_the_heartbeat_is_that_of_the_activity_once_it_has_begun(desk: Desk) -> None:
    task = desk.run()
    assert desk.remote.last_heartbeat("e", "n", 1) == desk.clock.now()
    desk.tasks()
    desk.result(task, progress=None)
    began = desk.clock.now()
    desk.clock.advance(5_000)
    desk.poll(running=(task,))
    assert desk.remote.last_heartbeat("e", "n", 1) == began
    assert desk.remote.last_heartbeat("local", "n", 1) == 7


# Cancelling.


def test_a_task_that_waits_is_dropped_when_it_is_cancelled(desk: Desk) -> None:
    desk.run()
    desk.remote.cancel(CancelActivity("e", "n", 0))
    assert desk.tasks() == []
    assert desk.remote.in_hand == 0


def test_who_has_a_cancelled_task_is_told_with_the_next_answer(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    desk.remote.cancel(CancelActivity("e", "", 0))
    assert desk.remote.take("a").cancel == [task]
    assert desk.remote.take("a").cancel == []


def test_a_cancel_whose_answer_was_lost_is_told_again(desk: Desk) -> None:
    task = desk.run()
    desk.tasks()
    desk.remote.cancel(CancelActivity("e", "n", 1))
    assert desk.poll(running=(task,)).cancel == [task]
    assert desk.poll(running=(task,)).cancel == [task]


def test_a_cancelled_attempt_does_not_touch_the_next_one(desk: Desk) -> None:
    desk.run(attempt=1)
    desk.run(attempt=2)
    desk.remote.cancel(CancelActivity("e", "n", 1))
    assert desk.tasks() == ["e/n@2"]


# Who is there.


def test_a_kind_that_no_worker_offers_waits_visibly(desk: Desk) -> None:
    desk.run("a", "fax")
    desk.run("b", "fax")
    desk.run("c")
    desk.poll(credits=0)
    assert desk.remote.waiting() == [WaitingRow(kind="fax", queue="default", count=2)]
    desk.poll("b", kinds=("fax",), credits=0)
    assert desk.remote.waiting() == []


def test_one_worker_too_many_is_refused_and_those_who_wait_keep_their_places(desk: Desk) -> None:
    for number in range(WORKERS_MAX):
        desk.poll(f"w{number}")
    with pytest.raises(Overloaded, match="10000 workers are there"):
        desk.poll("one-too-many")
    assert len(desk.remote.workers().workers) == WORKERS_MAX
    task = desk.run()
    assert [one.task for one in desk.remote.take("w0").tasks] == [task], "who waits is not forgotten"
    desk.clock.advance(LEASE_MS)
    desk.poll("one-more")
    assert {row.worker for row in desk.remote.workers().workers} == {"w0", "one-more"}, "those that are silent make room"


def test_a_worker_that_is_silent_offers_nothing_and_is_forgotten_in_the_end(desk: Desk) -> None:
    desk.poll(credits=0)
    desk.run()
    desk.clock.advance(LEASE_MS)
    assert desk.remote.waiting() == [WaitingRow(kind="pay", queue="default", count=1)]
    assert [row.connected for row in desk.remote.workers().workers] == [False]
    desk.clock.advance(300_000)
    desk.remote.step()
    assert desk.remote.workers().workers == []


def test_those_who_poll_are_woken_by_a_task_and_by_a_cancel(desk: Desk) -> None:
    calls: list[int] = []
    desk.remote.listen(lambda: calls.append(1))
    desk.run()
    assert calls == [1]
    desk.tasks()
    desk.remote.cancel(CancelActivity("e", "n", 1))
    assert calls == [1, 1]


# Messages.


@pytest.mark.parametrize(("version", "which"), [(0, "older"), (2, "newer")])
def test_another_version_of_the_protocol_is_told_which_are_spoken(version: int, which: str) -> None:
    with pytest.raises(WrongProtocol, match=f"{which}; this engine speaks 1"):
        read_poll(msgspec.json.encode({"protocol": version, "anything": "else"}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"protocol":1,"worker":"a"}',
        b'{"protocol":1,"worker":"","kinds":[]}',
        b'{"protocol":1,"worker":"a","kinds":[1]}',
        b'{"protocol":1,"worker":"a","kinds":[],"credits":1001}',
        b'{"protocol":1,"worker":"a","kinds":[],"wait_s":-1}',
    ],
)
def test_a_poll_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        read_poll(body)


@pytest.mark.parametrize("output", [b'"\xff"', b'"\\ud800"', b"NaN", b"[1,]", b"", b"[" * 100_000 + b"]" * 100_000])
def test_an_output_that_is_no_json_is_the_failure_of_its_task(output: bytes) -> None:
    results = read_results(b'{"protocol":1,"worker":"a","results":[{"task":"t","output":%s},{"task":"u","output":1}]}' % output).results
    assert [(result.task, isinstance(result.error, ResultError)) for result in results] == [("t", True), ("u", False)]


def test_what_cannot_be_read_and_is_large_is_to_come_in_smaller_pieces() -> None:
    body = b'{"protocol":1,"worker":"a","results":[{"task":"t","output":"%s"},{"task":1}]}'
    assert read_results(body % (b"x" * (APART_BYTES_MAX - len(body) + 2))).results[0].task == "t"
    with pytest.raises(TooMuch):
        read_results(body % (b"x" * APART_BYTES_MAX))


def test_progress_that_says_a_million_times_that_it_is_done_is_passed_on_once(desk: Desk) -> None:
    task = desk.run()
    desk.poll()
    told = [desk.result(task, progress=1.0) for _ in range(100)]
    assert told == [ReportProgress("n", 1, 1.0), *[None] * 99]


def test_a_worker_offers_only_so_many_places() -> None:
    def poll(kinds: int, queues: int) -> bytes:
        names = [[f"n{number}" for number in range(count)] for count in (kinds, queues)]
        return msgspec.json.encode({"protocol": 1, "worker": "w", "kinds": names[0], "queues": names[1]})

    assert len(read_poll(poll(1_000, 10)).kinds) == 1_000
    with pytest.raises(BadMessage, match="10010 places"):
        read_poll(poll(910, 11))


# Results by content.


DAY = Caching(86_400_000)


def test_a_result_that_is_known_is_given_without_a_worker(desk: Desk) -> None:
    first = desk.run("e1", caching=DAY)
    assert desk.tasks() == [first]
    desk.result(first, output=raw({"a": 1}))
    desk.remote.settle(first)
    desk.run("e2", caching=DAY)
    assert desk.reports == [("e2", CompleteActivity("n", 1, b'{"a":1}', cached=True))]
    assert (desk.tasks(), desk.remote.in_hand) == ([], 0)


def test_what_became_known_while_a_task_waited_is_given_when_its_turn_comes(desk: Desk) -> None:
    first, _ = desk.run("e1", caching=DAY), desk.run("e2", caching=DAY)
    assert desk.tasks(credits=1) == [first]
    desk.result(first, output=raw(1))
    desk.remote.settle(first)
    assert desk.tasks() == []
    assert desk.reports == [("e2", CompleteActivity("n", 1, b"1", cached=True))]


def test_a_result_is_another_one_by_kind_config_input_key_and_time(desk: Desk) -> None:
    desk.run("e1", caching=DAY)
    desk.result("e1/n@1", output=raw(1))
    others: list[dict[str, Any]] = [
        {"caching": None}, {"caching": Caching(86_400_000, b"k")}, {"caching": DAY, "input": b"2"}, {"caching": DAY, "config": b'{"c":1}'},
        {"caching": DAY, "kind": "ship"},
    ]  # fmt: skip
    for number, other in enumerate(others):
        desk.run(f"o{number}", **other)
    desk.clock.advance(86_400_000)
    desk.run("late", caching=DAY)
    assert desk.reports == []


def test_what_is_not_asked_for_failed_or_is_too_large_is_not_kept(desk: Desk) -> None:
    results: list[tuple[Caching | None, dict[str, Any]]] = [
        (None, {"output": raw(1)}), (DAY, {"error": ResultError(type="no")}), (DAY, {"output": raw("x" * 200)}), (DAY, {"progress": 0.5}),
    ]  # fmt: skip
    for number, (caching, result) in enumerate(results):
        task = desk.run(f"e{number}", caching=caching)
        desk.poll()
        desk.result(task, **result)
        desk.remote.settle(task)
    desk.run("again", caching=DAY)
    assert desk.reports == []


def test_a_late_result_of_a_lost_attempt_is_not_kept(desk: Desk) -> None:
    task = desk.run("e1", caching=DAY)
    desk.poll()
    desk.clock.advance(LEASE_MS)
    desk.remote.step()
    assert desk.result(task, output=raw(1)) == "not_waited_for"
    desk.reports.clear()
    desk.run("e2", caching=DAY)
    assert desk.reports == []


def test_a_cache_that_fails_is_as_good_as_an_empty_one(desk: Desk, tmp_path: Path) -> None:
    broken = SqliteResultCache(tmp_path / "cache.db", desk.clock)
    broken.close()
    desk.remote = TaskLeases(
        desk.local, set(), ActivitySettings(), lambda *report: desk.reports.append(report), desk.clock, desk.blobs, LEASE_MS, broken
    )
    task = desk.run(caching=DAY)
    assert desk.tasks() == [task]
    assert desk.result(task, output=raw(1)) == CompleteActivity("n", 1, b"1")


def test_a_worker_that_never_tells_the_beginning_has_begun_when_it_had_the_task_for_as_long_as_it_may_run(desk: Desk) -> None:
    task, free = desk.run(limits=Limits(40_000, None, True)), desk.run("b")
    desk.tasks()
    for _ in range(3):
        desk.clock.advance(LEASE_MS // 2)
        desk.poll(running=(task, free))
        desk.remote.step()
    assert desk.reports == [("e", ReportStarted("n", 1, "a"))]
    assert desk.remote.last_heartbeat("e", "n", 1) == desk.clock.now()
    assert desk.result(task, started=True) is None


def test_a_worker_that_has_told_the_beginning_is_not_asked_for_it(desk: Desk) -> None:
    task = desk.run(limits=Limits(10_000, None, True))
    desk.tasks()
    desk.result(task, started=True)
    desk.clock.advance(LEASE_MS // 2)
    desk.poll(running=(task,))
    desk.remote.step()
    assert desk.reports == []
