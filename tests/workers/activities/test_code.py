"""`code`, in both sandboxes: results, errors, limits, isolation and cancellation."""

import logging
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import RunActivity
from contracts.values import encode
from domain.definition.validate import check
from infra.clock import ManualClock
from workers.running.activities.code import Code, CodeConfig
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.running.attempt import Attempt
from workers.running.sandbox.job import OUTPUT_DEPTH_MAX, PRINTED_CHARS_MAX

NEEDS_BUBBLEWRAP = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def code() -> Iterator[Code]:
    made = Code(ActivitySettings(code_processes=2))
    yield made
    made.close()


@pytest.fixture(params=["monty", pytest.param("process", marks=NEEDS_BUBBLEWRAP)])
def run(request: pytest.FixtureRequest, code: Code, attempt: Attempt) -> Run:
    """Runs a source in each of the sandboxes."""
    return lambda source, data=None, **config: code.run(attempt, {"source": source, "sandbox": request.param, **config}, data)


@pytest.fixture
def run_process(code: Code, attempt: Attempt) -> Run:
    return lambda source, data=None, **config: code.run(attempt, {"source": source, "sandbox": "process", **config}, data)


def failure(run: Run, source: str, **config: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(source, **config)
    return caught.value


# Results


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("def main(order):\n    return order['n'] * 2\n", 14),
        ("async def main(order):\n    return order['n']\n", 7),
        ("def main(order):\n    return None\n1", None),
        ("data['n'] + 1", 8),
        ("result = [input['n'], (1, 2)]", [7, [1, 2]]),
        ("result = 3\n4", 4),
        ("result = [1]\nresult.append(2)", [1, 2]),
        ("x = 1", None),
        ("", None),
        ("main = 3\nresult = main", 3),
        ("import json, math\njson.loads('[1]') + [math.floor(2.5)]", [1, 2]),
    ],
)
def test_the_result_is_that_of_main_or_the_last_expression_or_the_variable_result(run: Run, source: str, result: Any) -> None:
    assert encode(run(source, {"n": 7})) == encode(result)


def test_input_replaces_the_data_even_by_null(run: Run) -> None:
    assert run("input", {"n": 7}, input=[1]) == [1]
    assert run("input is None and data is None", {"n": 7}, input=None) is True


def test_what_is_printed_goes_to_the_log_up_to_a_length(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "refold.activity"):
        assert run("print('hello')\nfor i in range(2000): print('x' * 100)\n1") == 1
    (record,) = caplog.records
    assert record.getMessage().startswith("printed: hello\nxxx")
    assert (vars(record)["execution"], vars(record)["path"]) == ("order-1", "loop[3]/n")
    assert len(record.getMessage()) <= PRINTED_CHARS_MAX + 100


# Errors


def test_an_error_has_the_name_of_its_class_and_the_line_of_the_source(run: Run) -> None:
    error = failure(run, "def check(n):\n    raise ValueError(f'{n} is odd')\n\nprint('so far')\ncheck(3)")
    assert (error.error_type, str(error), error.retryable) == ("ValueError", "3 is odd (line 2)", True)
    assert error.details == {"line": 2, "printed": "so far\n"}


def test_a_syntax_error_is_not_tried_again(run: Run) -> None:
    error = failure(run, "a = 1\nb = (")
    assert (error.error_type, error.retryable) == ("code.syntax", False)
    assert "line 2" in str(error)


def test_a_source_nested_beyond_reason_harms_nobody(run: Run) -> None:
    assert failure(run, "(" * 100_000).error_type in ("code.syntax", "code.crashed", "code.memory", "RecursionError")
    assert run("1") == 1


def test_a_result_that_is_not_json_is_refused(run: Run) -> None:
    assert failure(run, "{1, 2}").error_type in ("output.invalid", "TypeError")
    assert failure(run, "float('nan')").error_type in ("output.invalid", "ValueError")


@pytest.mark.parametrize("source", ["10**1233", "[{'n': -10**5000}]"])
def test_a_whole_number_that_no_value_may_hold_is_refused_with_the_limit(run: Run, source: str) -> None:
    error = failure(run, source)
    assert (error.error_type, error.retryable) == ("output.invalid", False)
    assert "of at most 1,233 digits" in str(error)
    assert run("10**1233 - 1") == 10**1233 - 1


@pytest.mark.parametrize("source", ["'\\ud800'", "{'\\ud800': 1}", "x = []\nx.append(x)\nx", "{1, 2}", "float('nan')"])
@NEEDS_BUBBLEWRAP
def test_a_result_of_all_of_python_that_no_value_may_be_is_refused(run_process: Run, source: str) -> None:
    error = failure(run_process, source)
    assert (error.error_type, error.retryable) == ("output.invalid", False)
    assert "codec" not in str(error)


def test_a_result_nested_too_deep_is_refused(run: Run) -> None:
    error = failure(run, f"x = 1\nfor i in range({OUTPUT_DEPTH_MAX + 1}): x = [x]\nx")
    assert error.error_type == "output.invalid"


def test_what_the_default_sandbox_does_not_know_is_said_with_a_way_out(code: Code, attempt: Attempt) -> None:
    error = failure(lambda source: code.run(attempt, {"source": source}, None), "def main(i):\n    yield 1\n")
    assert error.error_type == "code.syntax"
    assert "sandbox: process" in str(error)
    assert "sandbox: process" in str(failure(lambda source: code.run(attempt, {"source": source}, None), "import uuid"))


@pytest.mark.parametrize("field", ["sandbox", "language", "timeout"])
def test_a_wrong_config_names_the_field(code: Code, attempt: Attempt, field: str) -> None:
    with pytest.raises(ActivityError, match=rf"config\.{field}.*soon") as caught:
        code.run(attempt, {"source": "1", field: "soon"}, None)
    assert caught.value.error_type == "input.invalid"


# Limits


def test_code_that_never_ends_is_stopped(run: Run) -> None:
    error = failure(run, "print('on')\nwhile True: pass", timeout="300ms")
    assert error.error_type == "code.timeout"
    assert run("1") == 1


def test_code_that_sleeps_is_stopped_as_well(run: Run) -> None:
    assert failure(run, "import time\nwhile True: time.sleep(0.2)", timeout="300ms").error_type == "code.timeout"


def test_code_that_swallows_every_error_is_stopped(run: Run) -> None:
    source = "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass"
    assert failure(run, source, timeout="300ms").error_type == "code.timeout"


@pytest.mark.parametrize(
    "source", ["x = []\nwhile True: x.append('a' * 100000)", "'a' * 10**10", "bytes(10**10)", "x = [0]\nwhile True: x = x + x"]
)
def test_code_that_eats_memory_is_stopped(run: Run, source: str) -> None:
    assert failure(run, source, memory_mb=32).error_type == "code.memory"
    assert run("1") == 1


def test_a_result_that_would_unfold_to_gigabytes_is_stopped(run: Run) -> None:
    error = failure(run, "x = ['bomb']\nfor i in range(60): x = [x, x]\nx")
    assert error.error_type in ("code.output_too_large", "code.memory")


def test_a_result_may_be_as_large_as_allowed_and_no_larger(run: Run) -> None:
    assert len(run("'x' * 98", output_bytes_max=100)) == 98
    assert failure(run, "'x' * 99", output_bytes_max=100).error_type == "code.output_too_large"
    assert failure(run, "'ä' * 50", output_bytes_max=100).error_type == "code.output_too_large"


def test_printing_without_end_is_stopped_by_time(run: Run) -> None:
    error = failure(run, "while True: print('x' * 1000)", timeout="300ms")
    assert error.error_type == "code.timeout"


def test_recursion_without_end_is_an_error_of_the_code(run: Run) -> None:
    assert failure(run, "def f(): return f()\nf()").error_type == "RecursionError"


@pytest.mark.parametrize("source", ["10**10**8", "10**(10**5)", "'x' * 10**6 * 10**6"])
def test_a_number_or_text_that_explodes_is_stopped(run: Run, source: str) -> None:
    assert failure(run, source, timeout="2s").error_type in ("code.memory", "code.timeout", "output.invalid", "ValueError")


@NEEDS_BUBBLEWRAP
def test_a_fork_bomb_is_refused_its_first_process(run_process: Run) -> None:
    assert failure(run_process, "import os\nwhile True: os.fork()").error_type in ("PermissionError", "BlockingIOError")
    assert failure(run_process, "import subprocess, sys\nsubprocess.run([sys.executable])").error_type in (
        "PermissionError",
        "BlockingIOError",
    )


@NEEDS_BUBBLEWRAP
def test_threads_are_allowed(run_process: Run) -> None:
    source = "import threading\nx = []\nt = threading.Thread(target=x.append, args=(1,))\nt.start()\nt.join()\nx"
    assert run_process(source) == [1]


@NEEDS_BUBBLEWRAP
def test_a_process_that_dies_is_an_error_of_its_node_only(run_process: Run) -> None:
    assert failure(run_process, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)").error_type == "code.crashed"
    assert failure(run_process, "import os\nos._exit(0)").error_type == "code.crashed"
    assert failure(run_process, "import sys\nsys.exit(3)").error_type == "SystemExit"
    assert run_process("1") == 1


# Isolation


def test_code_reads_no_files(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for path in (secret, Path(__file__), Path("/etc/passwd"), Path("/root"), Path("/proc/self/environ")):
        assert failure(run, f"open({str(path)!r}).read()").error_type in ("PermissionError", "FileNotFoundError", "IsADirectoryError")


def test_code_writes_no_files(run: Run, tmp_path: Path) -> None:
    for path in (tmp_path / "new", Path("/usr/new"), Path("/new")):
        assert failure(run, f"open({str(path)!r}, 'w')").error_type in (
            "PermissionError",
            "FileNotFoundError",
            "OSError",
            "NotImplementedError",
        )
        assert not path.exists()


def test_code_has_no_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFOLD_TEST_SECRET", "s3cret")
    assert (
        run("import os\ntry:\n    env = dict(os.environ)\nexcept RuntimeError:\n    env = {}\nlist(env.get('REFOLD_TEST_SECRET', ''))")
        == []
    )
    assert run("import os\ntry:\n    path = os.environ.get('PATH')\nexcept RuntimeError:\n    path = None\npath") is None


def test_code_has_no_network(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)"
        assert failure(run, source).error_type in ("ModuleNotFoundError", "OSError", "ConnectionRefusedError")
        source = "import socket\nsocket.create_connection(('8.8.8.8', 53), 2)"
        assert failure(run, source).error_type in ("ModuleNotFoundError", "OSError")


@NEEDS_BUBBLEWRAP
def test_code_in_a_process_sees_no_other_processes(run_process: Run) -> None:
    assert failure(run_process, f"import os\nos.kill({os.getpid()}, 0)").error_type == "ProcessLookupError"


@NEEDS_BUBBLEWRAP
def test_code_in_a_process_cannot_widen_its_jail(run_process: Run) -> None:
    source = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n[libc.unshare(0x10000000), ctypes.get_errno()]"
    assert run_process(source) == [-1, 1]


@NEEDS_BUBBLEWRAP
def test_a_result_is_not_taken_from_what_is_printed(run_process: Run) -> None:
    assert run_process("import os\nos.write(1, b'{\"output\": 1}')\nprint('{\"output\": 1}')\n2") == 2


def test_without_bubblewrap_a_process_is_refused(attempt: Attempt) -> None:
    code = Code(ActivitySettings(bubblewrap="no-such-program"))
    error = failure(lambda source: code.run(attempt, {"source": source, "sandbox": "process"}, None), "1")
    assert (error.error_type, error.retryable) == ("code.no_sandbox", False)
    assert "allow_unsandboxed" in str(error)


def test_a_bubblewrap_that_does_not_work_is_refused(attempt: Attempt, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    code = Code(ActivitySettings(bubblewrap=str(broken)))
    error = failure(lambda source: code.run(attempt, {"source": source, "sandbox": "process"}, None), "1")
    assert error.error_type == "code.no_sandbox"
    assert "No permissions" in str(error)


def test_without_bubblewrap_trusted_code_runs_where_it_is_allowed(attempt: Attempt) -> None:
    code = Code(ActivitySettings(bubblewrap="no-such-program", allow_unsandboxed=True))
    config = {"sandbox": "process", "timeout": "5s", "memory_mb": 32}
    assert code.run(attempt, {"source": "sum(x for x in input)", **config}, [1, 2]) == 3
    assert failure(lambda source: code.run(attempt, {"source": source, **config}, None), "'a' * 10**10").error_type == "code.memory"


def test_what_trusted_code_leaves_running_is_not_waited_for(attempt: Attempt, tmp_path: Path) -> None:
    code = Code(ActivitySettings(bubblewrap="no-such-program", allow_unsandboxed=True))
    mark = tmp_path / "mark"
    source = f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(4)\n    open({str(mark)!r}, 'w')\n    os._exit(0)\n7"
    assert code.run(attempt, {"source": source, "sandbox": "process"}, None) == 7
    assert not mark.exists()


# Published


@pytest.mark.parametrize(
    ("source", "sandbox", "said"),
    [
        ("x = 1\ny = (", "monty", "line 2: "),
        ("x = 1\ny = (", "process", "line 2: "),
        (
            "x = 1\ndef f():\n    yield 3",
            "monty",
            "line 3: this sandbox does not know yield expressions; `sandbox: process` runs all of Python",
        ),
        ("x = 1\ndef f():\n    yield 3", "process", ""),
        ("def main(input):\n    return input\n", "monty", ""),
        ("from __future__ import annotations\nopen('x')\nwhile True: pass", "monty", ""),
        ("raise SystemExit", "process", ""),
        ("a = {{ input.n }} +", "monty", ""),
        ("-" * 100_000 + "1", "monty", "nested"),
        ("-" * 100_000 + "1", "process", ""),
        ('f"{input["newer"]}"', "process", ""),
        ("x = 'half \ud83d'", "process", "not valid UTF-8"),
    ],
)
def test_a_program_that_cannot_be_read_is_found_when_it_is_published(source: str, sandbox: str, said: str) -> None:
    document = {"name": "w", "nodes": [{"id": "n", "type": "code", "config": {"source": source, "sandbox": sandbox}}]}
    problems = check(document, {"code": CodeConfig}).problems
    if said:
        (problem,) = problems
        assert problem.path == "nodes[0].config.source"
        assert said in problem.message
    else:
        assert problems == []


# Cancellation


def test_cancelled_code_ends_at_once(code: Code, attempt: Attempt, in_thread: Callable[..., "Future[Any]"], sandbox: str) -> None:
    has_begun = threading.Event()
    future = in_thread(code.run, _Noted(attempt, has_begun), {"source": "while True: pass", "sandbox": sandbox, "timeout": "60s"}, None)
    assert has_begun.wait(20)
    attempt.cancel()
    with pytest.raises(Cancelled):
        future.result(timeout=30)


@pytest.fixture(params=["monty", pytest.param("process", marks=NEEDS_BUBBLEWRAP)])
def sandbox(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class _Noted:
    """An attempt that tells when the code has begun: then it asks to hear of a cancellation."""

    def __init__(self, attempt: Attempt, has_begun: threading.Event) -> None:
        self._attempt = attempt
        self._has_begun = has_begun

    def on_cancel(self, stop: Callable[[], None]) -> None:
        self._attempt.on_cancel(stop)
        self._has_begun.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._attempt, name)


def test_code_cancelled_before_it_begins_does_not_run(run: Run, attempt: Attempt) -> None:
    attempt.cancel()
    with pytest.raises(Cancelled):
        run("while True: pass", timeout="20s")


def test_programs_of_every_sandbox_together_are_as_many_as_code_processes(reports: list[Any], clock: ManualClock) -> None:
    worker = ActivityWorker({"code": Code(ActivitySettings(code_processes=2))}, ActivitySettings(), lambda *_: None, clock)
    for number in range(10):
        worker.run(RunActivity("e", f"n{number}", 1, "code", b'{"source": "1", "sandbox": "process"}', b"null"))
    assert worker._pools["code"].thread_count == 2
    worker.stop(0)


def test_one_that_waits_for_a_free_process_can_be_cancelled(
    clock: ManualClock, attempt: Attempt, in_thread: Callable[..., "Future[Any]"]
) -> None:
    code = Code(ActivitySettings(code_processes=1))
    first_began = threading.Event()
    first = in_thread(code.run, _Noted(attempt, first_began), {"source": "while True: pass", "timeout": "60s"}, None)
    assert first_began.wait(20)
    waiting = Attempt(attempt.activity, lambda *_: None, clock)
    second = in_thread(code.run, waiting, {"source": "1"}, None)
    waiting.cancel()
    with pytest.raises(Cancelled):
        second.result(timeout=5)
    attempt.cancel()
    with pytest.raises(Cancelled):
        first.result(timeout=5)
    code.close()
