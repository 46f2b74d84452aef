"""Recorded steps in the worker: what `context.step` gives, what it refuses, and what the next attempt is spared."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from functools import partial
from typing import Any

import pytest
from msgspec import UNSET

import refold
from contracts.commands import RecordStep
from contracts.values import decode
from refold.worker.steps import NAME_LENGTH_MAX, STEPS_BYTES_MAX
from tests.protocol.host import Host
from tests.sdk.working import working

AGAIN = {"max_attempts": 2}


def steps_of(host: Host, execution: str) -> dict[str, Any]:
    return {one.name: decode(one.output) for one in host.commands(execution) if isinstance(one, RecordStep)}


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_step_that_has_run_does_not_run_again_in_the_next_attempt(host: Host, is_async: bool) -> None:
    ran: list[tuple[str, int]] = []

    def note(name: str, attempt: int) -> dict[str, Any]:
        ran.append((name, attempt))
        if name == "third" and attempt == 1:
            raise ValueError("broken")
        return {"by": attempt, "pair": (1, 2)}

    async def note_later(name: str, attempt: int) -> dict[str, Any]:
        await asyncio.sleep(0)
        return note(name, attempt)

    @refold.activity(name="walk")
    def walk(context: refold.ActivityContext) -> list[Any]:
        return [context.step(name, partial(note, name, context.attempt)) for name in ("first", "second", "third")]

    @refold.activity(name="walk")
    async def walk_later(context: refold.ActivityContext) -> list[Any]:
        return [await context.step(name, partial(note_later, name, context.attempt)) for name in ("first", "second", "third")]

    with working(host, walk_later if is_async else walk):
        execution = host.run("walk", retry=AGAIN)
        by = {"by": 1, "pair": [1, 2]}
        assert host.output_of(execution) == [by, by, {"by": 2, "pair": [1, 2]}]
    assert ran == [("first", 1), ("second", 1), ("third", 1), ("third", 2)]
    assert list(steps_of(host, execution)) == ["first", "second", "third"]
    host.verify()


def test_a_step_returns_no_sooner_than_it_is_durable(host: Host) -> None:
    passed = threading.Event()

    @refold.activity
    def walk(context: refold.ActivityContext) -> str:
        context.step("only", lambda: 1)
        passed.set()
        return "done"

    gate = host.gates["results"] = asyncio.Event()
    with working(host, walk):
        execution = host.run("walk")
        host.until(lambda: "only" in steps_of(host, execution))  # it is recorded, and the worker has not heard of it
        assert not passed.is_set()
        host.call(gate.set)
        assert host.output_of(execution) == "done"


def test_a_step_that_fails_is_not_recorded_and_may_be_tried_again(host: Host) -> None:
    tries: list[int] = []

    def shaky() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")
        return "there"

    @refold.activity
    def walk(context: refold.ActivityContext) -> str:
        while True:
            try:
                return str(context.step("shaky", shaky))
            except OSError:
                continue

    with working(host, walk):
        execution = host.run("walk")
        assert host.output_of(execution) == "there"
        assert steps_of(host, execution) == {"shaky": "there"}


@pytest.mark.parametrize(
    ("error_type", "names", "result"),
    [
        ("step.repeated", ["twice", "twice"], 1),
        ("step.invalid", ["odd"], object()),
        ("step.invalid", ["odd"], float("nan")),
        ("step.invalid", [""], 1),
        ("step.invalid", ["x" * (NAME_LENGTH_MAX + 1)], 1),
        ("step.invalid", ["half \ud800"], 1),
        ("step.invalid", [7], 1),
        ("step.too_large", ["huge"], "x" * STEPS_BYTES_MAX),
    ],
)
def test_what_may_not_be_a_step_fails_by_its_name_and_is_not_retried(host: Host, error_type: str, names: list[Any], result: Any) -> None:
    @refold.activity
    def walk(context: refold.ActivityContext) -> None:
        for name in names:
            context.step(name, lambda: result)

    with working(host, walk):
        failure = host.end_of(host.run("walk", retry=AGAIN)).failure
        assert failure is not None
        assert (failure.type, failure.attempt) == (error_type, 1)


def test_what_the_server_may_not_keep_fails_its_step(host: Host) -> None:
    deep: list[Any] = []
    for _ in range(250):
        deep = [deep]

    @refold.activity
    def walk(context: refold.ActivityContext) -> str:
        try:
            context.step("deep", lambda: deep)
        except refold.ActivityError as error:
            return error.error_type
        return "kept"

    with working(host, walk):
        assert host.output_of(host.run("walk")) == "step.invalid"


def test_an_older_server_is_named(host: Host) -> None:
    @refold.activity
    def walk(context: refold.ActivityContext) -> None:
        context.step("new", lambda: 1)

    receive = host.remote.receive

    def without_steps(name: str, result: Any) -> Any:
        return receive(name, result) if result.step is UNSET else "empty"

    host.remote.receive = without_steps  # type: ignore[method-assign]  # as a server of before there were steps answers
    with working(host, walk):
        failure = host.end_of(host.run("walk")).failure
        assert failure is not None
        assert failure.type == "step.unsupported"


def test_a_big_result_is_a_blob_and_comes_back_whole(host: Host) -> None:
    @refold.activity
    def walk(context: refold.ActivityContext) -> int:
        text = context.step("big", lambda: "x" * 300_000)
        if context.attempt == 1:
            raise ValueError("broken")
        return len(text)

    with working(host, walk):
        execution = host.run("walk", retry=AGAIN)
        assert host.output_of(execution) == 300_000
    (step,) = (one for one in host.commands(execution) if isinstance(one, RecordStep))
    assert step.output.startswith(b"@sha256:")
    host.verify()


def test_a_cancelled_attempt_takes_no_further_step(host: Host) -> None:
    begun, ran, ended = threading.Event(), list[str](), threading.Event()

    @refold.activity
    def walk(context: refold.ActivityContext) -> None:
        context.step("first", lambda: 1)
        begun.set()
        context.wait_cancelled(20)
        try:
            context.step("second", lambda: ran.append("second"))
        finally:
            ended.set()

    with working(host, walk):
        execution = host.run("walk")
        assert begun.wait(20)
        host.cancel(execution)
        assert host.end_of(execution).status == "cancelled"
        assert ended.wait(20)
    assert ran == []
    assert list(steps_of(host, execution)) == ["first"]


def test_a_step_in_flight_when_its_attempt_is_cancelled_changes_nothing(host: Host) -> None:
    begun, go, raised = threading.Event(), threading.Event(), list[BaseException]()

    def linger() -> bool:
        begun.set()
        return go.wait(20)

    @refold.activity
    def walk(context: refold.ActivityContext) -> None:
        try:
            context.step("slow", linger)
        except BaseException as error:
            raised.append(error)
            raise

    with working(host, walk):
        execution = host.run("walk")
        assert begun.wait(20)
        host.cancel(execution)
        host.end_of(execution)
        go.set()
        host.until(lambda: raised)
    assert isinstance(raised[0], refold.Cancelled)
    assert steps_of(host, execution) == {}


def test_many_threads_of_one_activity_take_steps_at_once(host: Host) -> None:
    @refold.activity
    def walk(context: refold.ActivityContext) -> int:
        results: list[int] = []
        threads = [
            threading.Thread(target=lambda number=number: results.append(context.step(f"{number}", lambda: number)))
            for number in range(250)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return sum(results)

    with working(host, walk):
        execution = host.run("walk")
        assert host.output_of(execution) == sum(range(250))
        assert len(steps_of(host, execution)) == 250


def test_what_a_worker_hands_back_begins_anew_with_its_steps(host: Host) -> None:
    ran: list[str] = []
    begun = threading.Event()

    @refold.activity
    def walk(context: refold.ActivityContext) -> int:
        context.step("first", lambda: ran.append("first"))
        begun.set()
        if context.attempt == 1 and context.wait_cancelled(20):
            raise refold.Cancelled
        return context.attempt

    with working(host, walk) as worker:
        execution = host.run("walk")
        assert begun.wait(20)
        grace_is_over_at_once(worker)
    with working(host, walk):
        assert host.output_of(execution) == 2
    assert ran == ["first"]


def grace_is_over_at_once(worker: refold.Worker) -> None:
    transport: Any = worker._transport
    transport._terms = dataclasses.replace(transport._terms, stop_grace_s=0.0)


def test_each_step_has_a_key_of_its_own_that_attempts_share() -> None:
    task = {"task": "e/n@2", "execution": "e", "workflow": "w", "path": "n", "attempt": 2, "kind": "k", "idempotency_key": "e/n"}
    context = refold.ActivityContext(task, lambda task, progress, detail: None)
    assert context.step_key("pay") == "e/n/pay"


def test_a_context_without_a_worker_keeps_steps_to_itself() -> None:
    task = {"task": "e/n@1", "execution": "e", "workflow": "w", "path": "n", "attempt": 1, "kind": "k", "idempotency_key": "e/n"}
    context = refold.ActivityContext(task, lambda task, progress, detail: None)
    assert context.step("pay", lambda: (1, 2)) == [1, 2]
    with pytest.raises(refold.ActivityError, match="twice"):
        context.step("pay", lambda: 3)


def test_an_async_function_is_no_step_of_a_plain_activity() -> None:
    task = {"task": "e/n@1", "execution": "e", "workflow": "w", "path": "n", "attempt": 1, "kind": "k", "idempotency_key": "e/n"}
    context = refold.ActivityContext(task, lambda task, progress, detail: None)

    async def pay() -> int:
        return 1

    with pytest.raises(refold.ActivityError, match="`async`"):
        context.step("pay", pay)
