"""Remote workers: leases, lost answers, late results, priorities, and what waits visibly. Moved by hand with a manual clock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.worker_rows import worker_value
from contracts.commands import (
    Caching,
    CancelActivity,
    Command,
    CompleteActivity,
    FailActivity,
    Limits,
    LoseActivity,
    RecordStep,
    ReportProgress,
    ReportStarted,
    RunActivity,
)
from contracts.errors import Overloaded
from contracts.trace import traceparent
from contracts.values import reference_to
from contracts.worker_protocol import (
    Assignment,
    BadMessage,
    Poll,
    Result,
    ResultError,
    Step,
    WaitingRow,
    WorkerRow,
    WrongProtocol,
    read_poll,
)
from contracts.worker_results import APART_BYTES_MAX, TooMuch, read_results
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from workers.running.activity_settings import ActivitySettings
from workers.running.memory_result_cache import MemoryResultCache
from workers.running.sqlite_result_cache import SqliteResultCache
from workers.tasks.leases import WORKERS_MAX, TaskLeases
from workers.tasks.worker import TASKS_SHOWN_MAX

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


class TaskEndpoint:
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
def task_endpoint() -> TaskEndpoint:
    return TaskEndpoint()


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


# A takeover, and a clock that is set back.


def test_a_takeover_calls_off_what_nobody_waits_for_any_more(task_endpoint: TaskEndpoint) -> None:
    given, waiting = task_endpoint.run("given"), task_endpoint.run("waiting")
    task_endpoint.poll(credits=1)
    kept = RunActivity("kept", "n", 1, "pay", b"{}", b"1", "w")
    task_endpoint.remote.take_over([kept])
    assert task_endpoint.remote.in_hand == 1
    assignment = task_endpoint.poll(running=(given,))
    assert (assignment.cancel, [task.task for task in assignment.tasks]) == ([given], ["kept/n@1"])
    assert task_endpoint.result(waiting, output=raw(1)) == "not_waited_for"


def test_a_clock_that_is_set_back_does_not_make_a_lease_longer(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run()
    task_endpoint.poll()
    task_endpoint.remote.step()
    task_endpoint.clock.set(500_000)
    task_endpoint.remote.step()
    task_endpoint.clock.set(500_000 + LEASE_MS)
    task_endpoint.remote.step()
    assert task_endpoint.reports == [("e", LoseActivity("n", 1, "a"))]


# Giving.


def test_a_kind_of_the_local_worker_goes_there(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run(kind="noop")
    assert [activity.kind for activity in task_endpoint.local.ran] == ["noop"]
    assert task_endpoint.tasks(kinds=("noop",)) == []


def test_a_task_tells_all_that_a_worker_needs(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run(input=b'{"a": 1}', config=b'{"b": 2}', limits=Limits(5_000, 1_000, True), priority=7, correlation="request-1")
    (task,) = task_endpoint.poll().tasks
    assert msgspec.to_builtins(msgspec.structs.replace(task, config=None, input=None)) == {
        "task": "e/n@1", "execution": "e", "workflow": "w", "path": "n", "attempt": 1, "kind": "pay", "config": None, "input": None,
        "idempotency_key": "e/n", "timeout_ms": 5_000, "heartbeat_ms": 1_000, "priority": 7, "report_start": True,
        "correlation_id": "request-1", "traceparent": traceparent("request-1", "e", "n", 1),
    }  # fmt: skip
    assert (bytes(task.config), bytes(task.input)) == (b'{"b": 2}', b'{"a": 1}')


def test_a_big_value_is_sent_instead_of_its_reference(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.blobs.put(b'"big"')
    task_endpoint.run(input=reference_to(b'"big"'))
    assert bytes(task_endpoint.poll().tasks[0].input) == b'"big"'


def test_a_value_that_is_lost_is_a_failure_of_the_activity(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run(input=reference_to(b"gone"))
    assert task_endpoint.tasks() == []
    ((_, command),) = task_endpoint.reports
    assert isinstance(command, FailActivity)
    assert command.failure.type == "blob.missing"


def test_the_most_urgent_comes_first_and_among_equals_the_oldest(task_endpoint: TaskEndpoint) -> None:
    for execution, kind, priority in (("a", "pay", 5), ("b", "ship", 5), ("c", "pay", 9), ("d", "pay", 5), ("e", "ship", 0)):
        task_endpoint.run(execution, kind, priority=priority)
    assert task_endpoint.tasks(kinds=("ship", "pay")) == ["c/n@1", "a/n@1", "b/n@1", "d/n@1", "e/n@1"]


def test_only_offered_kinds_and_queues_are_given(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run("a", queue="gpu")
    task_endpoint.run("b", "ship")
    assert task_endpoint.tasks() == []
    assert task_endpoint.tasks(queues=("default", "gpu")) == ["a/n@1"]


def test_a_worker_gets_no_more_than_its_credits(task_endpoint: TaskEndpoint) -> None:
    for number in range(5):
        task_endpoint.run(f"e{number}")
    given = tuple(task_endpoint.tasks(credits=2))
    assert given == ("e0/n@1", "e1/n@1")
    assert task_endpoint.tasks(credits=0, running=given) == []


def test_an_end_that_was_accepted_while_the_poll_was_on_its_way_makes_room(task_endpoint: TaskEndpoint) -> None:
    first = task_endpoint.run()
    assert task_endpoint.tasks(credits=1) == [first]
    task_endpoint.result(first, output=raw(1))
    task_endpoint.remote.settle(first)
    second = task_endpoint.run("f")
    assert task_endpoint.tasks(credits=0, running=(first,)) == [second]


def test_while_a_poll_waits_an_end_makes_room_for_another_task(task_endpoint: TaskEndpoint) -> None:
    first, second = task_endpoint.run("a"), task_endpoint.run("b")
    task_endpoint.tasks(credits=1)
    task_endpoint.tasks(credits=0, running=(first,))
    assert task_endpoint.remote.take("a").tasks == []
    task_endpoint.result(first, output=raw(1))
    task_endpoint.remote.settle(first)
    assert [task.task for task in task_endpoint.remote.take("a").tasks] == [second]


def test_the_same_attempt_twice_is_in_hand_once(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run()
    task_endpoint.run()
    assert task_endpoint.tasks() == ["e/n@1"]


# Leases.


def test_a_task_whose_worker_is_silent_for_a_lease_is_lost(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    task_endpoint.clock.advance(LEASE_MS - 1)
    task_endpoint.remote.step()
    assert task_endpoint.reports == []
    task_endpoint.clock.advance(1_000)
    assert task_endpoint.remote.step()
    assert task_endpoint.reports == [("e", LoseActivity("n", 1, "a"))]
    assert task_endpoint.result(task, output=raw(1)) == "not_waited_for"


def test_a_poll_that_names_it_renews_the_lease(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    for _ in range(5):
        task_endpoint.clock.advance(LEASE_MS - 1_000)
        task_endpoint.poll(running=(task,))
        task_endpoint.remote.step()
    assert task_endpoint.reports == []


def test_progress_renews_the_lease_of_that_task_only(task_endpoint: TaskEndpoint) -> None:
    first, second = task_endpoint.run("a"), task_endpoint.run("b")
    task_endpoint.poll()
    task_endpoint.clock.advance(LEASE_MS - 1_000)
    task_endpoint.result(first, progress=0.5)
    task_endpoint.clock.advance(2_000)
    task_endpoint.remote.step()
    assert [execution for execution, _ in task_endpoint.reports] == ["b"]
    assert second == "b/n@1"


def test_what_the_answer_lost_is_offered_again_at_once_as_the_same_attempt(task_endpoint: TaskEndpoint) -> None:
    task, later = task_endpoint.run("a"), task_endpoint.run("b", priority=5)
    assert task_endpoint.tasks(credits=1) == [task]
    assert task_endpoint.tasks(running=()) == [task, later]
    assert task_endpoint.reports == []


def test_what_is_handed_back_another_worker_gets(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks("a")
    task_endpoint.poll("a", kinds=(), credits=0)
    assert task_endpoint.tasks("b") == [task]
    assert [row.worker for row in task_endpoint.remote.workers().workers] == ["b"]


def test_after_a_restart_a_worker_keeps_what_it_still_has(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    assert task_endpoint.poll("a", running=(task,)) == Assignment(tasks=[], cancel=[], lease_s=30)
    assert task_endpoint.tasks("b") == []
    assert task_endpoint.result(task, output=raw(3)) == CompleteActivity("n", 1, b"3")


def test_after_a_restart_a_result_is_taken_even_before_the_first_poll(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    assert task_endpoint.result(task, output=raw(3)) == CompleteActivity("n", 1, b"3")
    assert task_endpoint.tasks("b") == []


# Results.


def test_an_output_passes_through_byte_for_byte(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    assert task_endpoint.result(task, output=msgspec.Raw(b'{"a" : 1.50}')) == CompleteActivity("n", 1, b'{"a" : 1.50}')


def test_an_error_becomes_a_failure(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    command = task_endpoint.result(task, error=ResultError(type="card.declined", message="no", details={"code": 5}, retryable=False))
    assert isinstance(command, FailActivity)
    assert (command.failure.type, command.failure.message, command.failure.details) == ("card.declined", "no", {"code": 5})
    assert not command.retryable


def test_an_output_at_the_limit_is_taken_and_one_over_it_fails(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    assert isinstance(task_endpoint.result(task, output=raw("x" * 98)), CompleteActivity)
    command = task_endpoint.result(task, output=raw("x" * 99))
    assert isinstance(command, FailActivity)
    assert command.failure.type == "output.too_large"


def test_a_result_that_comes_again_is_accepted_and_does_nothing(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    task_endpoint.result(task, output=raw(1))
    task_endpoint.remote.settle(task)
    assert task_endpoint.result(task, output=raw(1)) is None
    assert task_endpoint.poll(running=(task,)).cancel == []


def test_a_result_of_a_task_that_another_worker_has_is_refused(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks("a")
    assert task_endpoint.result(task, "b", output=raw(1)) == "not_yours"


def test_a_result_that_says_nothing_is_refused(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    assert task_endpoint.result(task) == "empty"


def test_a_start_is_reported_once_and_only_where_time_limits_want_it(task_endpoint: TaskEndpoint) -> None:
    limited, free = task_endpoint.run("a", limits=Limits(1_000, None, True)), task_endpoint.run("b")
    task_endpoint.tasks()
    assert task_endpoint.result(limited, started=True) == ReportStarted("n", 1, "a")
    assert task_endpoint.result(limited, started=True) is None
    assert task_endpoint.result(free, started=True) is None


def test_progress_is_passed_on_once_a_second_the_first_and_the_last_always(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    assert task_endpoint.result(task, progress=0.1, detail=raw("a")) == ReportProgress("n", 1, 0.1, b'"a"')
    assert task_endpoint.result(task, progress=0.2) is None
    assert task_endpoint.result(task, progress=1.0) == ReportProgress("n", 1, 1.0)
    task_endpoint.clock.advance(1_000)
    assert task_endpoint.result(task, progress=None) is None


def test_a_detail_without_progress_leaves_the_progress_as_it_was(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    assert task_endpoint.result(task, progress=0.5) == ReportProgress("n", 1, 0.5)
    assert task_endpoint.result(task, progress=0.75) is None
    task_endpoint.clock.advance(1_000)
    assert task_endpoint.result(task, progress=None, detail=raw("b")) == ReportProgress("n", 1, 0.75, b'"b"')


def test_the_heartbeat_is_that_of_the_activity_once_it_has_begun(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    assert task_endpoint.remote.last_heartbeat("e", "n", 1) == task_endpoint.clock.now()
    task_endpoint.tasks()
    task_endpoint.result(task, progress=None)
    began = task_endpoint.clock.now()
    task_endpoint.clock.advance(5_000)
    task_endpoint.poll(running=(task,))
    assert task_endpoint.remote.last_heartbeat("e", "n", 1) == began
    assert task_endpoint.remote.last_heartbeat("local", "n", 1) == 7


# Cancelling.


def test_a_task_that_waits_is_dropped_when_it_is_cancelled(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run()
    task_endpoint.remote.cancel(CancelActivity("e", "n", 0))
    assert task_endpoint.tasks() == []
    assert task_endpoint.remote.in_hand == 0


def test_who_has_a_cancelled_task_is_told_with_the_next_answer(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    task_endpoint.remote.cancel(CancelActivity("e", "", 0))
    assert task_endpoint.remote.take("a").cancel == [task]
    assert task_endpoint.remote.take("a").cancel == []


def test_a_cancel_whose_answer_was_lost_is_told_again(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.tasks()
    task_endpoint.remote.cancel(CancelActivity("e", "n", 1))
    assert task_endpoint.poll(running=(task,)).cancel == [task]
    assert task_endpoint.poll(running=(task,)).cancel == [task]


def test_a_cancelled_attempt_does_not_touch_the_next_one(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run(attempt=1)
    task_endpoint.run(attempt=2)
    task_endpoint.remote.cancel(CancelActivity("e", "n", 1))
    assert task_endpoint.tasks() == ["e/n@2"]


# Who is there.


def test_a_kind_that_no_worker_offers_waits_visibly(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run("a", "fax")
    task_endpoint.run("b", "fax")
    task_endpoint.run("c")
    task_endpoint.poll(credits=0)
    assert task_endpoint.remote.waiting() == [WaitingRow(kind="fax", queue="default", count=2)]
    task_endpoint.poll("b", kinds=("fax",), credits=0)
    assert task_endpoint.remote.waiting() == []


def test_one_worker_too_many_is_refused_and_those_who_wait_keep_their_places(task_endpoint: TaskEndpoint) -> None:
    for number in range(WORKERS_MAX):
        task_endpoint.poll(f"w{number}")
    with pytest.raises(Overloaded, match="10000 workers are there"):
        task_endpoint.poll("one-too-many")
    assert len(task_endpoint.remote.workers().workers) == WORKERS_MAX
    task = task_endpoint.run()
    assert [one.task for one in task_endpoint.remote.take("w0").tasks] == [task], "who waits is not forgotten"
    task_endpoint.clock.advance(LEASE_MS)
    task_endpoint.poll("one-more")
    assert {row.worker for row in task_endpoint.remote.workers().workers} == {"w0", "one-more"}, "those that are silent make room"


def test_a_worker_that_is_silent_offers_nothing_and_is_forgotten_in_the_end(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.poll(credits=0)
    task_endpoint.run()
    task_endpoint.clock.advance(LEASE_MS)
    assert task_endpoint.remote.waiting() == [WaitingRow(kind="pay", queue="default", count=1)]
    assert [row.connected for row in task_endpoint.remote.workers().workers] == [False]
    task_endpoint.clock.advance(300_000)
    task_endpoint.remote.step()
    assert task_endpoint.remote.workers().workers == []


def test_those_who_poll_are_woken_by_a_task_and_by_a_cancel(task_endpoint: TaskEndpoint) -> None:
    calls: list[int] = []
    task_endpoint.remote.listen(lambda: calls.append(1))
    task_endpoint.run()
    assert calls == [1]
    task_endpoint.tasks()
    task_endpoint.remote.cancel(CancelActivity("e", "n", 1))
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


def test_progress_that_says_a_million_times_that_it_is_done_is_passed_on_once(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.poll()
    told = [task_endpoint.result(task, progress=1.0) for _ in range(100)]
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


def test_a_result_that_is_known_is_given_without_a_worker(task_endpoint: TaskEndpoint) -> None:
    first = task_endpoint.run("e1", caching=DAY)
    assert task_endpoint.tasks() == [first]
    task_endpoint.result(first, output=raw({"a": 1}))
    task_endpoint.remote.settle(first)
    task_endpoint.run("e2", caching=DAY)
    assert task_endpoint.reports == [("e2", CompleteActivity("n", 1, b'{"a":1}', cached=True))]
    assert (task_endpoint.tasks(), task_endpoint.remote.in_hand) == ([], 0)


def test_what_became_known_while_a_task_waited_is_given_when_its_turn_comes(task_endpoint: TaskEndpoint) -> None:
    first, _ = task_endpoint.run("e1", caching=DAY), task_endpoint.run("e2", caching=DAY)
    assert task_endpoint.tasks(credits=1) == [first]
    task_endpoint.result(first, output=raw(1))
    task_endpoint.remote.settle(first)
    assert task_endpoint.tasks() == []
    assert task_endpoint.reports == [("e2", CompleteActivity("n", 1, b"1", cached=True))]


def test_a_result_is_another_one_by_kind_config_input_key_and_time(task_endpoint: TaskEndpoint) -> None:
    task_endpoint.run("e1", caching=DAY)
    task_endpoint.result("e1/n@1", output=raw(1))
    others: list[dict[str, Any]] = [
        {"caching": None}, {"caching": Caching(86_400_000, b"k")}, {"caching": DAY, "input": b"2"}, {"caching": DAY, "config": b'{"c":1}'},
        {"caching": DAY, "kind": "ship"},
    ]  # fmt: skip
    for number, other in enumerate(others):
        task_endpoint.run(f"o{number}", **other)
    task_endpoint.clock.advance(86_400_000)
    task_endpoint.run("late", caching=DAY)
    assert task_endpoint.reports == []


def test_what_is_not_asked_for_failed_or_is_too_large_is_not_kept(task_endpoint: TaskEndpoint) -> None:
    results: list[tuple[Caching | None, dict[str, Any]]] = [
        (None, {"output": raw(1)}), (DAY, {"error": ResultError(type="no")}), (DAY, {"output": raw("x" * 200)}), (DAY, {"progress": 0.5}),
    ]  # fmt: skip
    for number, (caching, result) in enumerate(results):
        task = task_endpoint.run(f"e{number}", caching=caching)
        task_endpoint.poll()
        task_endpoint.result(task, **result)
        task_endpoint.remote.settle(task)
    task_endpoint.run("again", caching=DAY)
    assert task_endpoint.reports == []


def test_a_late_result_of_a_lost_attempt_is_not_kept(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run("e1", caching=DAY)
    task_endpoint.poll()
    task_endpoint.clock.advance(LEASE_MS)
    task_endpoint.remote.step()
    assert task_endpoint.result(task, output=raw(1)) == "not_waited_for"
    task_endpoint.reports.clear()
    task_endpoint.run("e2", caching=DAY)
    assert task_endpoint.reports == []


def test_a_cache_that_fails_is_as_good_as_an_empty_one(task_endpoint: TaskEndpoint, tmp_path: Path) -> None:
    broken = SqliteResultCache(tmp_path / "cache.db", task_endpoint.clock)
    broken.close()
    task_endpoint.remote = TaskLeases(
        task_endpoint.local,
        set(),
        ActivitySettings(),
        lambda *report: task_endpoint.reports.append(report),
        task_endpoint.clock,
        task_endpoint.blobs,
        LEASE_MS,
        broken,
    )
    task = task_endpoint.run(caching=DAY)
    assert task_endpoint.tasks() == [task]
    assert task_endpoint.result(task, output=raw(1)) == CompleteActivity("n", 1, b"1")


def test_a_worker_that_never_tells_the_beginning_has_begun_when_it_had_the_task_for_as_long_as_it_may_run(
    task_endpoint: TaskEndpoint,
) -> None:
    task, free = task_endpoint.run(limits=Limits(40_000, None, True)), task_endpoint.run("b")
    task_endpoint.tasks()
    for _ in range(3):
        task_endpoint.clock.advance(LEASE_MS // 2)
        task_endpoint.poll(running=(task, free))
        task_endpoint.remote.step()
    assert task_endpoint.reports == [("e", ReportStarted("n", 1, "a"))]
    assert task_endpoint.remote.last_heartbeat("e", "n", 1) == task_endpoint.clock.now()
    assert task_endpoint.result(task, started=True) is None


def test_a_worker_that_has_told_the_beginning_is_not_asked_for_it(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run(limits=Limits(10_000, None, True))
    task_endpoint.tasks()
    task_endpoint.result(task, started=True)
    task_endpoint.clock.advance(LEASE_MS // 2)
    task_endpoint.poll(running=(task,))
    task_endpoint.remote.step()
    assert task_endpoint.reports == []


# Who is there.


def test_a_worker_is_shown_with_what_it_has_had_for_longest_and_since_when_it_is_there(task_endpoint: TaskEndpoint) -> None:
    began = task_endpoint.clock.now()
    task_endpoint.poll()
    task_endpoint.clock.advance(100)
    first = task_endpoint.run("a")
    task_endpoint.tasks()
    task_endpoint.clock.advance(100)
    second = task_endpoint.run("b")
    task_endpoint.tasks(running=(first,))
    (row,) = task_endpoint.remote.workers().workers
    assert (row.since, row.last_seen, row.running) == (began, began + 200, 2)
    assert [(one.task, one.execution, one.path, one.attempt, one.kind, one.since) for one in row.tasks] == [
        (first, "a", "n", 1, "pay", began + 100), (second, "b", "n", 1, "pay", began + 200),
    ]  # fmt: skip
    assert [one.task for one in task_endpoint.remote.workers(1).workers[0].tasks] == [first]
    task_endpoint.result(first, output=raw(1))
    task_endpoint.remote.settle(first)
    assert [one.task for one in task_endpoint.remote.workers().workers[0].tasks] == [second]


def test_of_many_tasks_some_are_shown(task_endpoint: TaskEndpoint) -> None:
    for number in range(TASKS_SHOWN_MAX + 1):
        task_endpoint.run(f"e{number}")
    task_endpoint.tasks(credits=100)
    (row,) = task_endpoint.remote.workers().workers
    assert (row.running, len(row.tasks)) == (TASKS_SHOWN_MAX + 1, TASKS_SHOWN_MAX)


def test_a_row_of_a_build_before_says_neither() -> None:
    old = {"worker": "w", "kinds": [], "queues": [], "running": 0, "last_seen": 5, "connected": True}
    row = msgspec.convert(old, WorkerRow)
    assert (row.since, row.tasks) == (0, [])
    assert worker_value(row)["since"] is None


def test_a_step_that_is_recorded_and_told_again_takes_no_place_of_what_waits(task_endpoint: TaskEndpoint) -> None:
    task = task_endpoint.run()
    task_endpoint.poll()
    step = Step(name="first", output=raw(1))
    assert task_endpoint.result(task, step=step) == RecordStep("n", 1, "first", b"1")
    assert task_endpoint.result(task, step=step) == RecordStep("n", 1, "first", b"1")  # nobody knows yet whether it is durable
    task_endpoint.remote.stored(task, "first")
    assert task_endpoint.result(task, step=step) is None
    assert task_endpoint.result(task, step=Step(name="second", output=raw(1))) == RecordStep("n", 1, "second", b"1")
