"""The activity worker: order, results, failures, limits, heartbeats, cancellation and the cache."""

import itertools
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest

from contracts.commands import (
    Caching,
    CancelActivity,
    Command,
    CompleteActivity,
    FailActivity,
    Limits,
    ReportProgress,
    ReportStarted,
    RunActivity,
)
from contracts.failure import Failure
from contracts.ports.activities import ActivityContext
from contracts.ports.result_cache import Which
from contracts.values import encode, reference_to
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from refold.worker.raised import DETAILS_BYTES_MAX, DETAILS_SHOWN_MAX
from workers.running.activities import load_kinds
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import STEP_MAX, ActivityWorker
from workers.running.memory_result_cache import MemoryResultCache

Make = Callable[..., ActivityWorker]
WAIT_S = 20.0
RAISED: Any = object()
"""Where the exception was raised."""


class Kind:
    """A kind made of a function."""

    summary = "A kind of a test."
    Config = None

    def __init__(self, name: str, run: Callable[[ActivityContext, dict[str, Any], Any], Any]) -> None:
        self.name = name
        self.run = run
        self.at_a_time: int | None = None


class Reports:
    """What was reported, in order."""

    def __init__(self) -> None:
        self.queue: Queue[tuple[str, Command]] = Queue()

    def __call__(self, execution: str, command: Command) -> None:
        self.queue.put((execution, command))

    def next(self) -> Command:
        return self.queue.get(timeout=WAIT_S)[1]

    def all(self) -> list[Command]:
        return [self.queue.get_nowait()[1] for _ in range(self.queue.qsize())]


@pytest.fixture
def told() -> Reports:
    return Reports()


@pytest.fixture
def make(told: Reports, clock: ManualClock) -> Iterator[Make]:
    """Makes workers with the built-in kinds and those given; all are stopped at the end."""
    made: list[ActivityWorker] = []

    def worker(*kinds: Kind, report: Any = told, settings: ActivitySettings | None = None, **more: Any) -> ActivityWorker:
        settings = settings or ActivitySettings()
        made.append(ActivityWorker(load_kinds(settings) | {kind.name: kind for kind in kinds}, settings, report, clock, **more))
        return made[-1]

    yield worker
    for each in made:
        assert each.stop(WAIT_S)


def activity(kind: str, path: str = "n", given: Any = None, config: Any = None, **more: Any) -> RunActivity:
    return RunActivity("e", path, more.pop("attempt", 1), kind, encode(config or {}), encode(given), **more)


def give(context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
    return data


# Running


@pytest.mark.parametrize("executor", ["threads", "inline"])
def test_a_result_is_reported_with_its_attempt(make: Make, told: Reports, executor: str) -> None:
    worker = make(Kind("double", lambda context, config, data: data * config["by"]), executor=executor)
    worker.run(activity("double", "a/b", 3, {"by": 2}, attempt=4))
    worker.step()
    assert told.next() == CompleteActivity("a/b", 4, b"6")
    assert (worker.in_hand, worker.step()) == (0, False)


def test_an_instant_kind_runs_in_the_step_of_the_caller(make: Make, told: Reports) -> None:
    worker = make()
    worker.run(activity("noop", given={"a": 1}))
    assert told.all() == []
    assert worker.step()
    assert told.all() == [CompleteActivity("n", 1, b'{"a":1}')]


def test_inline_there_are_no_threads(make: Make, told: Reports) -> None:
    worker = make(Kind("who", lambda *_: threading.current_thread().name), executor="inline")
    worker.run(activity("who"))
    worker.step()
    assert told.all() == [CompleteActivity("n", 1, encode(threading.current_thread().name))]


def test_a_step_has_an_end(make: Make, told: Reports) -> None:
    worker = make()
    for number in range(STEP_MAX + 1):
        worker.run(activity("noop", str(number)))
    assert worker.step()
    assert len(told.all()) == STEP_MAX
    assert worker.step()
    assert not worker.step()


def test_the_most_urgent_runs_first_and_among_equals_the_first_to_come(make: Make, told: Reports) -> None:
    worker = make(Kind("give", give), executor="inline")
    for path, priority in (("a", 5), ("b", 0), ("c", 9), ("d", 5), ("e", 99), ("f", -1)):
        worker.run(activity("give", path, priority=priority))
    worker.step()
    assert [command.path for command in told.all() if isinstance(command, CompleteActivity)] == ["c", "e", "a", "d", "b", "f"]


def test_a_kind_that_hangs_keeps_no_other_waiting(make: Make, told: Reports) -> None:
    may_go = threading.Event()
    worker = make(Kind("hang", lambda *_: may_go.wait(WAIT_S)), Kind("give", give), settings=ActivitySettings(concurrency=2))
    for number in range(10):
        worker.run(activity("hang", f"h{number}"))
    worker.run(activity("give", "quick"))
    assert told.next() == CompleteActivity("quick", 1, b"null")
    may_go.set()


def test_a_kind_may_say_how_many_of_it_run_at_a_time(make: Make, told: Reports) -> None:
    running, most = [], []

    def run(context: ActivityContext, config: dict[str, Any], data: Any) -> None:
        running.append(1)
        most.append(len(running))
        barrier.wait(WAIT_S)
        running.pop()

    barrier = threading.Barrier(2)
    kind = Kind("two", run)
    kind.at_a_time = 2
    worker = make(kind, settings=ActivitySettings(concurrency=32))
    for number in range(10):
        worker.run(activity("two", f"n{number}"))
    assert sorted(getattr(told.next(), "path", "") for _ in range(10)) == [f"n{number}" for number in range(10)]
    assert max(most) <= 2


def test_the_pool_takes_the_most_urgent_first(make: Make, told: Reports) -> None:
    may_go = threading.Event()
    worker = make(Kind("wait", lambda *_: may_go.wait(WAIT_S)), settings=ActivitySettings(concurrency=1))
    worker.run(activity("wait", limits=Limits(report_start=True)))
    assert isinstance(told.next(), ReportStarted)
    for path, priority in (("low", 1), ("high", 8), ("middle", 5)):
        worker.run(activity("wait", path, priority=priority))
    may_go.set()
    assert [getattr(told.next(), "path", None) for _ in range(4)] == ["n", "high", "middle", "low"]


def test_so_many_run_at_the_same_time_as_the_setting_says(make: Make, told: Reports) -> None:
    together = threading.Barrier(4)
    worker = make(Kind("meet", lambda *_: together.wait(WAIT_S) >= 0), settings=ActivitySettings(concurrency=4))
    for path in "abcd":
        worker.run(activity("meet", path))
    assert {type(told.next()) for _ in range(4)} == {CompleteActivity}


def test_a_quick_activity_does_not_wait_behind_a_slow_one(make: Make, told: Reports) -> None:
    may_end = threading.Event()
    worker = make(Kind("slow", lambda *_: may_end.wait(WAIT_S)), Kind("give", give), settings=ActivitySettings(concurrency=2))
    worker.run(activity("slow", "a"))
    for path in map(str, range(100)):
        worker.run(activity("give", path))
        assert told.next() == CompleteActivity(path, 1, b"null")
    may_end.set()


def test_the_same_attempt_twice_runs_once_while_it_is_in_hand(make: Make, told: Reports) -> None:
    worker = make()
    worker.run(activity("noop"))
    worker.run(activity("noop"))
    worker.run(activity("noop", attempt=2))
    worker.step()
    assert [command.attempt for command in told.all() if isinstance(command, CompleteActivity)] == [1, 2]


def test_a_start_is_reported_where_it_is_asked_for(make: Make, told: Reports) -> None:
    worker = make(name="w1")
    worker.run(activity("noop", limits=Limits(report_start=True)))
    worker.step()
    assert told.all() == [ReportStarted("n", 1, "w1"), CompleteActivity("n", 1, b"null")]


def test_big_values_come_from_the_blobs(make: Make, told: Reports) -> None:
    blobs = MemoryBlobs()
    config, given = encode({"by": 2}), encode([1] * 10)
    for content in (config, given):
        blobs.put(content)
    worker = make(Kind("count", lambda context, config, data: len(data) * config["by"]), blobs=blobs, executor="inline")
    worker.run(RunActivity("e", "n", 1, "count", reference_to(config), reference_to(given)))
    worker.run(RunActivity("e", "m", 1, "noop", b"{}", reference_to(given)))
    worker.run(RunActivity("e", "o", 1, "count", b"{}", reference_to(b"nowhere")))
    worker.step()
    count, noop, lost = told.all()
    assert count == CompleteActivity("n", 1, b"20")
    assert noop == CompleteActivity("m", 1, reference_to(given))
    assert isinstance(lost, FailActivity)
    assert (lost.failure.type, lost.retryable) == ("blob.missing", True)


# Failures


class _Refused(Exception):
    error_type = "payment.refused"
    retryable = False
    details = ("code", 7)


def _raise(error: BaseException) -> Callable[..., Any]:
    def run(context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "failure", "is_retryable"),
    [
        (ValueError("no such order"), Failure("ValueError", "no such order", RAISED), True),
        (ValueError(), Failure("ValueError", "ValueError", RAISED), True),
        (_Refused("no money"), Failure("payment.refused", "no money", ["code", 7]), False),
        (ActivityError("a.b", "c", details=[1], retryable=False), Failure("a.b", "c", [1]), False),
        (ActivityError("a.b", "c", details={(1, 2): 3}), Failure("a.b", "c", "{(1, 2): 3}"), True),
        (ActivityError("a.b", "c", details="x" * DETAILS_BYTES_MAX), Failure("a.b", "c", "'" + "x" * (DETAILS_SHOWN_MAX - 2) + "…"), True),
        (ValueError("\ud800"), Failure("ValueError", "?", RAISED), True),
        (SystemExit(3), Failure("SystemExit", "3", RAISED), True),
        (Cancelled(), Failure("cancelled", "the activity stopped by itself as if it were cancelled"), False),
    ],
)
def test_an_exception_is_a_failure(make: Make, told: Reports, error: BaseException, failure: Failure, is_retryable: bool) -> None:
    worker = make(Kind("bad", _raise(error)), settings=ActivitySettings(concurrency=1))
    worker.run(activity("bad"))
    reported = told.next()
    assert isinstance(reported, FailActivity)
    if failure.details is RAISED:
        assert "raise error" in reported.failure.details["traceback"]
        failure = Failure(failure.type, failure.message, reported.failure.details)
    assert reported == FailActivity("n", 1, failure, is_retryable)
    worker.run(activity("bad"))
    assert isinstance(told.next(), FailActivity), "the thread is still there"


@pytest.mark.parametrize(
    ("command", "error_type", "is_retryable"),
    [
        (activity("fax"), "activity.unknown", False),
        (RunActivity("e", "n", 1, "give", b"[1]", b"1"), "input.invalid", False),
        (RunActivity("e", "n", 1, "give", b"{}", b"{"), "input.invalid", False),
        (activity("noop", config={"a": 1}), "input.invalid", False),
        (activity("object"), "output.invalid", False),
        (activity("give", given="x" * 99), "output.too_large", False),
    ],
)
def test_what_cannot_be_done_is_a_failure(make: Make, told: Reports, command: RunActivity, error_type: str, is_retryable: bool) -> None:
    worker = make(
        Kind("give", give), Kind("object", lambda *_: object()), settings=ActivitySettings(output_bytes_max=100), executor="inline"
    )
    worker.run(command)
    worker.step()
    (told_of,) = told.all()
    assert isinstance(told_of, FailActivity)
    assert (told_of.failure.type, told_of.retryable) == (error_type, is_retryable)


def test_an_unknown_kind_is_told_at_once_with_those_there_are(make: Make, told: Reports) -> None:
    worker = make()
    worker.run(activity("fax"))
    worker.step()
    (command,) = told.all()
    assert isinstance(command, FailActivity)
    assert "`fax`" in command.failure.message
    assert "noop" in command.failure.message


def test_an_output_may_be_as_large_as_allowed(make: Make, told: Reports) -> None:
    worker = make(Kind("give", give), settings=ActivitySettings(output_bytes_max=100), executor="inline")
    worker.run(activity("give", given="x" * 98))
    worker.step()
    assert isinstance(told.next(), CompleteActivity)


def test_a_bug_of_the_worker_is_logged_and_told_as_a_lost_worker(make: Make, told: Reports, caplog: pytest.LogCaptureFixture) -> None:
    def report(execution: str, command: Command) -> None:
        if isinstance(command, CompleteActivity):
            raise RuntimeError("broken pipe")
        told(execution, command)

    worker = make(Kind("give", give), report=report, settings=ActivitySettings(concurrency=1))
    for path in "ab":
        worker.run(activity("give", path))
        command = told.next()
        assert isinstance(command, FailActivity)
        assert (command.path, command.failure.type, command.retryable) == (path, "worker.lost", True)
    assert "broken pipe" in caplog.text


# Heartbeats


def test_progress_is_reported_first_last_and_once_a_second(make: Make, told: Reports, clock: ManualClock) -> None:
    def run(context: ActivityContext, config: dict[str, Any], data: Any) -> None:
        for progress, detail in ((0.1, None), (0.2, None), (None, "half"), (7, "done"), (1.0, None)):
            context.heartbeat(progress, detail)
            clock.advance(500)

    worker = make(Kind("slow", run), executor="inline")
    worker.run(activity("slow"))
    worker.step()
    progress = [(command.progress, command.detail) for command in told.all() if isinstance(command, ReportProgress)]
    assert progress == [(0.1, None), (0.2, b'"half"'), (1.0, b'"done"')]


def test_the_last_heartbeat_is_known_while_the_attempt_is_in_hand(make: Make, told: Reports, clock: ManualClock) -> None:
    seen: list[int | None] = []

    def run(context: ActivityContext, config: dict[str, Any], data: Any) -> None:
        clock.advance(500)
        seen.append(worker.last_heartbeat("e", "n", 1))
        context.heartbeat()
        seen.append(worker.last_heartbeat("e", "n", 1))

    worker = make(Kind("slow", run), executor="inline")
    assert worker.last_heartbeat("e", "n", 1) is None
    worker.run(activity("slow"))
    clock.advance(100)
    assert worker.last_heartbeat("e", "n", 1) == 1_000_100, "one that waits is alive as long as its worker"
    worker.step()
    assert seen == [1_000_100, 1_000_600]
    assert worker.last_heartbeat("e", "n", 1) is None
    assert [type(command) for command in told.all()] == [CompleteActivity], "a bare sign of life reports nothing"


# Cancellation and limits


def _wait_for_cancel(context: ActivityContext, config: dict[str, Any], data: Any) -> str:
    is_cancelled = threading.Event()
    context.on_cancel(is_cancelled.set)
    assert is_cancelled.wait(WAIT_S)
    return "too late"


def _beat_until_cancelled(context: ActivityContext, config: dict[str, Any], data: Any) -> str:
    pause = threading.Event()
    try:
        while not pause.wait(0.01):
            context.heartbeat()
    except Exception:
        return "swallowed"
    return "never"


@pytest.mark.parametrize("run", [_wait_for_cancel, _beat_until_cancelled])
def test_a_cancelled_attempt_is_stopped_and_its_late_result_dropped(make: Make, told: Reports, run: Any) -> None:
    worker = make(Kind("slow", run), Kind("give", give), settings=ActivitySettings(concurrency=1))
    worker.run(activity("slow", limits=Limits(report_start=True)))
    assert isinstance(told.next(), ReportStarted)
    worker.cancel(CancelActivity("e", "n", 1))
    assert (worker.in_hand, worker.last_heartbeat("e", "n", 1)) == (0, None)
    worker.run(activity("give", "after"))
    assert told.next() == CompleteActivity("after", 1, b"null")


def test_an_attempt_cancelled_while_it_waits_never_runs(make: Make, told: Reports) -> None:
    worker = make()
    worker.run(activity("noop", "a"))
    worker.run(activity("noop", "b"))
    worker.cancel(CancelActivity("e", "a", 1))
    worker.cancel(CancelActivity("e", "unknown", 1))
    worker.step()
    assert told.all() == [CompleteActivity("b", 1, b"null")]


def test_code_that_never_ends_is_cancelled_in_a_moment(make: Make, told: Reports) -> None:
    worker = make(settings=ActivitySettings(concurrency=1, code_processes=1))
    endless = {"source": "print('on')\nwhile True: pass", "timeout": "60s"}
    worker.run(activity("code", config=endless, limits=Limits(report_start=True)))
    assert isinstance(told.next(), ReportStarted)
    worker.cancel(CancelActivity("e", "n", 1))
    worker.run(activity("code", "next", config={"source": "1 + 1"}))
    assert told.next() == CompleteActivity("next", 1, b"2")


def test_the_time_limit_of_an_attempt_cancels_it(make: Make, told: Reports) -> None:
    stopped = threading.Event()

    def run(context: ActivityContext, config: dict[str, Any], data: Any) -> None:
        context.on_cancel(stopped.set)
        assert stopped.wait(WAIT_S)

    worker = make(Kind("slow", run))
    worker.run(activity("slow", limits=Limits(start_to_close=50)))
    assert stopped.wait(WAIT_S)
    assert worker.last_heartbeat("e", "n", 1) is None
    assert told.all() == [], "that it took too long is for the engine's timer to say"


def test_a_stopped_worker_lets_go_of_what_waits_and_cancels_what_runs(make: Make, told: Reports) -> None:
    worker = make(Kind("slow", _wait_for_cancel), settings=ActivitySettings(concurrency=1))
    worker.run(activity("slow", "a", limits=Limits(report_start=True)))
    worker.run(activity("slow", "b"))
    worker.run(activity("noop", "c"))
    assert isinstance(told.next(), ReportStarted)
    assert worker.stop(0.05)
    worker.run(activity("noop", "d"))
    assert (worker.in_hand, worker.step(), told.all()) == (0, False, [])


def test_a_worker_that_was_stopped_gives_no_more_time(make: Make, told: Reports) -> None:
    may_end = threading.Event()
    threads: list[threading.Thread] = []

    def wait(*_: Any) -> None:
        threads.append(threading.current_thread())
        may_end.wait(WAIT_S)

    worker = make(Kind("stubborn", wait))
    worker.run(activity("stubborn", limits=Limits(report_start=True)))
    assert isinstance(told.next(), ReportStarted)
    assert not worker.stop(0.0)
    assert not worker.stop(2 * WAIT_S), "it would have ended by itself meanwhile"
    may_end.set()
    threads[0].join(WAIT_S)


def test_a_stopped_worker_lets_what_runs_end(make: Make, told: Reports) -> None:
    may_end = threading.Event()
    stopped: list[bool] = []
    worker = make(Kind("slow", lambda *_: may_end.wait(WAIT_S)))
    worker.run(activity("slow", limits=Limits(report_start=True)))
    assert isinstance(told.next(), ReportStarted)
    thread = threading.Thread(target=lambda: stopped.append(worker.stop(WAIT_S)))
    thread.start()
    may_end.set()
    thread.join(WAIT_S)
    assert stopped == [True]
    assert told.all() == [CompleteActivity("n", 1, b"true")]


# The cache


def test_a_cached_result_is_given_without_running(make: Make, told: Reports, clock: ManualClock) -> None:
    answers = itertools.count(1)
    cache = MemoryResultCache(clock)
    worker = make(Kind("ask", lambda *_: next(answers)), cache=cache, executor="inline")

    def ask(path: str, given: Any, caching: Caching | None) -> CompleteActivity:
        worker.run(activity("ask", path, given, caching=caching))
        worker.step()
        (command,) = told.all()
        assert isinstance(command, CompleteActivity)
        return command

    day = Caching(ttl_ms=1_000)
    assert ask("a", 1, day) == CompleteActivity("a", 1, b"1", cached=False)
    assert ask("b", 1, day) == CompleteActivity("b", 1, b"1", cached=True)
    assert ask("c", 2, day) == CompleteActivity("c", 1, b"2", cached=False)
    assert ask("d", 1, None) == CompleteActivity("d", 1, b"3", cached=False)
    clock.advance(1_000)
    assert ask("e", 1, day) == CompleteActivity("e", 1, b"4", cached=False)
    cache.invalidate(Which(kind="ask"))
    assert ask("f", 1, day) == CompleteActivity("f", 1, b"5", cached=False)


def test_a_failure_is_not_cached(make: Make, told: Reports, clock: ManualClock) -> None:
    worker = make(Kind("bad", _raise(ValueError("x"))), cache=MemoryResultCache(clock), executor="inline")
    for path in "ab":
        worker.run(activity("bad", path, caching=Caching(ttl_ms=1_000)))
    worker.step()
    assert [type(command) for command in told.all()] == [FailActivity, FailActivity]


def test_a_cache_that_fails_is_as_good_as_an_empty_one(make: Make, told: Reports, caplog: pytest.LogCaptureFixture) -> None:
    worker = make(Kind("give", give), cache=_BrokenCache(), executor="inline")
    worker.run(activity("give", caching=Caching(ttl_ms=1_000)))
    worker.step()
    assert told.all() == [CompleteActivity("n", 1, b"null")]
    assert "disk full" in caplog.text


class _BrokenCache:
    def get(self, key: str) -> bytes | None:
        raise OSError("disk full")

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int) -> None:
        raise OSError("disk full")

    def invalidate(self, kind: str | None = None) -> int:
        return 0

    def prune(self) -> int:
        return 0
