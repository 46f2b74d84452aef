"""The worker against a real server: what it runs, what it survives, and how fast a cancel reaches it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import refold
from contracts.commands import LoseActivity, ReportStarted
from contracts.worker_protocol import WaitingRow
from refold.worker.http import WAIT_S
from tests.protocol.host import Host
from tests.sdk.working import working

ROOT = Path(__file__).parents[2]


def test_plain_functions_run_beside_each_other(host: Host) -> None:
    both = threading.Barrier(2)

    @refold.activity
    def meet(given: Any) -> Any:
        both.wait(10)
        return given

    with working(host, meet):
        executions = [host.run("meet", number) for number in range(2)]
        assert [host.output_of(execution) for execution in executions] == [0, 1]


def test_async_functions_run_on_the_loop(host: Host) -> None:
    @refold.activity
    async def meet(given: Any) -> Any:
        await asyncio.sleep(0)
        return threading.current_thread() is not threading.main_thread()

    with working(host, meet):
        assert host.output_of(host.run("meet", 1)) is True


def test_what_ends_while_its_progress_is_being_reported_is_reported_too(host: Host) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    go, ended = asyncio.Event(), threading.Event()

    @refold.activity
    async def hasten(context: refold.ActivityContext) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(lambda _: ended.set())
        loops.append(asyncio.get_running_loop())
        context.heartbeat(0.5)
        await go.wait()
        return "done"

    gate = host.gates["results"] = asyncio.Event()
    with working(host, hasten):
        execution = host.run("hasten")
        host.until(host.results)  # its progress has arrived, and waits for its receipt
        loops[0].call_soon_threadsafe(go.set)
        assert ended.wait(20)
        host.call(gate.set)
        assert host.output_of(execution) == "done"
    assert len(loops) == 1, "it ran twice"


def test_that_it_has_begun_is_told_until_the_server_knows(host: Host) -> None:
    go = threading.Event()

    @refold.activity
    def dawdle() -> None:
        go.wait(20)

    host.answers["results"].append(429)  # not taken in
    with working(host, dawdle):
        execution = host.run("dawdle", timeouts={"start_to_close": "20s"})
        host.until(lambda: any(isinstance(command, ReportStarted) for command in host.commands(execution)))
        go.set()
        host.output_of(execution)


def test_an_output_that_is_more_than_the_server_takes_is_a_failure_and_holds_up_no_other(host: Host) -> None:
    @refold.activity
    def grow(given: int) -> str:
        return "x" * given

    with working(host, grow):
        huge = host.run("grow", 33 * 1024 * 1024)
        failure = host.end_of(huge).failure
        assert failure is not None
        assert failure.type == "output.too_large"
        assert host.output_of(host.run("grow", 1)) == "x"


def test_results_go_in_smaller_batches_where_what_stands_between_takes_no_large_ones(host: Host) -> None:
    ran: list[int] = []

    @refold.activity
    def echo(given: int) -> int:
        ran.append(given)
        return given

    gate = host.gates["results"] = asyncio.Event()
    with working(host, echo):
        executions = [host.run("echo", 0)]
        host.until(lambda: host.bodies("results"))  # it waits for its receipt; the others come together after it
        executions += [host.run("echo", number) for number in range(1, 9)]
        host.until(lambda: len(ran) == 9)
        before = len(host.bodies("results"))
        host.answers["results"] += [413]
        host.call(gate.set)
        assert [host.output_of(execution) for execution in executions] == list(range(9))
        refused, *rest = host.bodies("results")[before:]
        assert max(len(body["results"]) for body in rest) <= max(1, len(refused["results"]) // 2)


def test_batches_grow_again_when_large_ones_are_taken(host: Host) -> None:
    ran: list[int] = []

    @refold.activity
    def echo(given: int) -> int:
        ran.append(given)
        return given

    def hand_in(many: int, *faults: int) -> int:
        """So many results wait for one receipt, and are handed in after it: the most in one message."""
        gate = host.gates["results"] = asyncio.Event()
        ran.clear()
        before = len(host.bodies("results"))
        executions = [host.run("echo", 0)]
        host.until(lambda: len(host.bodies("results")) > before)
        executions += [host.run("echo", number) for number in range(1, many + 1)]
        host.until(lambda: len(ran) == many + 1)
        host.answers["results"] += faults
        host.call(gate.set)
        assert [host.output_of(execution) for execution in executions] == list(range(many + 1))
        return max(len(body["results"]) for body in host.bodies("results")[before:])

    with working(host, echo):
        assert hand_in(8, 413) == 8
        assert hand_in(8) < 8
        assert any(hand_in(8) == 8 for _ in range(10))


@pytest.mark.parametrize("is_async", [False, True])
def test_a_cancel_reaches_the_function_before_a_poll_has_waited_its_time(host: Host, is_async: bool) -> None:
    begun, heard = threading.Event(), threading.Event()

    @refold.activity(name="hang")
    def hang(context: refold.ActivityContext) -> None:
        begun.set()
        if context.wait_cancelled(30):
            heard.set()

    @refold.activity(name="hang")
    async def hang_async() -> None:
        begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            heard.set()
            raise

    with working(host, hang_async if is_async else hang):
        execution = host.run("hang")
        assert begun.wait(10)
        host.cancel(execution)
        assert heard.wait(WAIT_S / 2), "the poll under way is answered with it"
        assert host.end_of(execution).status == "cancelled"


def test_what_a_function_raises_is_the_failure(host: Host) -> None:
    @refold.activity
    def divide(given: Any) -> float:
        return 1 / 0

    with working(host, divide):
        failure = host.end_of(host.run("divide")).failure
    assert failure is not None
    assert (failure.type, failure.message) == ("ZeroDivisionError", "division by zero")


def test_a_kind_that_no_worker_offers_waits_visibly_until_one_comes(host: Host) -> None:
    execution = host.run("late_one", 7)
    host.until(lambda: host.call(host.remote.waiting) == [WaitingRow(kind="late_one", queue="default", count=1)])
    with working(host, refold.activity(name="late_one")(lambda given: given)):
        assert host.output_of(execution) == 7


def test_a_receipt_for_a_start_is_none_for_an_end_that_came_meanwhile(host: Host) -> None:
    runs: list[str] = []

    @refold.activity
    def quick(context: refold.ActivityContext) -> None:
        runs.append(context.execution)
        host.until(lambda: {"task": context.task, "started": True} in host.results())

    host.publish({"name": "quick", "nodes": [{"id": "n", "type": "quick", "timeouts": {"start_to_close": "60s"}}]})
    with working(host, quick):
        executions = [host.start("quick") for _ in range(100)]
        assert {host.end_of(execution).status for execution in executions} == {"completed"}
    assert sorted(runs) == sorted(executions)


def test_a_stop_hands_back_what_has_not_begun(host: Host) -> None:
    begun, may_end = threading.Event(), threading.Event()

    @refold.activity
    def hold(given: Any) -> Any:
        begun.set()
        may_end.wait(20)
        return "first"

    with working(host, hold, concurrency=1) as worker:
        first = host.run("hold")
        assert begun.wait(10)
        second = host.run("hold")
        host.until(lambda: any(len(poll["running"]) == 2 for poll in host.bodies("poll")))
        worker.stop()
        host.until(lambda: any(len(poll["running"]) == 1 and not poll["kinds"] for poll in host.bodies("poll")))
        with working(host, refold.activity(name="hold")(lambda given: "second")):
            assert host.output_of(second) == "second"
        may_end.set()
        assert host.output_of(first) == "first"


def test_a_worker_that_is_killed_in_an_activity_loses_nothing() -> None:
    command = [sys.executable, "-m", "refold", "worker", "tests.protocol.activities"]
    with Host(lease_ms=800) as host:
        environment = {**os.environ, "REFOLD_SERVER": host.url}
        first = subprocess.Popen(command, env=environment, cwd=ROOT)
        execution = host.run("linger", {"seconds": 1.5})
        host.until(host.results)
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = subprocess.Popen(command, env=environment, cwd=ROOT)
        try:
            assert host.output_of(execution) == "lingered"
        finally:
            second.terminate()
            second.wait(10)
        assert [type(one) for one in host.commands(execution)].count(LoseActivity) == 1
        host.verify()


@pytest.mark.parametrize("option", [("--processes", "2"), ("--watch",)])
def test_those_whose_minder_is_killed_end_what_runs_and_stop(option: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    with Host() as host:
        command = [sys.executable, "-m", "refold", "worker", "mine", *option]
        environment = {**os.environ, "REFOLD_SERVER": host.url, "PYTHONPATH": str(ROOT)}
        minder = subprocess.Popen(command, env=environment, cwd=tmp_path)
        try:
            host.until(lambda: len(host.call(host.remote.workers).workers) == len(option))
            execution = host.run("wait_for", str(tmp_path / "go"))
            host.until((tmp_path / "pid").exists)
            minder.kill()
            minder.wait()
            host.until(lambda: any(not body["kinds"] for body in host.bodies("poll")))
            (tmp_path / "go").touch()
            assert host.output_of(execution) == "went on"
            host.until(lambda: not host.call(host.remote.workers).workers)  # all have said good-bye
        finally:
            minder.kill()


MINE = """
import os, pathlib, refold

@refold.activity
def wait_for(path: str, context: refold.ActivityContext) -> str:
    pathlib.Path("pid").write_text(str(os.getpid()))
    while not os.path.exists(path):
        context.wait_cancelled(0.02)
    return "went on"
"""
