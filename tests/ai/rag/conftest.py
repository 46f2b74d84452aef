"""One RAG process for all tests, and the kinds that have their work done by it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import RunActivity
from infra.clock import SystemClock
from tests.ai.conftest import SECRET
from workers.running.activities import BUILT_IN
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import RAG_PROGRAM, ActivitySettings
from workers.running.ai.process import AiProcess
from workers.running.attempt import Attempt

Run = Callable[..., Any]
LOCAL = {"model": "local:multilingual-e5-small"}
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def rag_process() -> Iterator[AiProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", SECRET)
        running = AiProcess(RAG_PROGRAM)
        yield running
        running.close()


@pytest.fixture
def settings(rag_process: AiProcess, process: AiProcess, tmp_path: Path) -> ActivitySettings:
    (tmp_path / "files").mkdir()
    return ActivitySettings(allow_private_addresses=True, rag=rag_process, ai=process, files=tmp_path / "files", data=tmp_path / "data")


@pytest.fixture
def run(settings: ActivitySettings) -> Run:
    """Runs a node of a kind, under an idempotency key of its own unless it is told one."""
    kinds = {kind.name: kind for kind in (make(settings) for make in BUILT_IN)}

    def running(name: str, data: Any = None, key: str | None = None, **config: Any) -> Any:
        return kinds[name].run(an_attempt(name, key or f"key-{next(_numbers)}"), config, data)

    return running


def an_attempt(name: str, key: str) -> Attempt:
    return Attempt(RunActivity("e-1", key, 1, name, b"{}", b"null"), lambda *_: None, SystemClock())


def failure(run: Run, *words: Any, **more: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(*words, **more)
    return caught.value
