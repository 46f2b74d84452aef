"""A server that speaks as providers do, and one AI process with the real clients for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contracts.commands import RunActivity
from infra.clock import SystemClock
from tests.ai.fake import Fake, running_fake
from workers.running.activities.llm import Llm
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.process import AiProcess
from workers.running.attempt import Attempt

Run = Callable[..., Any]
SECRET = "secret-of-the-environment"
PROVIDERS = {"openai": "gpt-4o", "anthropic": "claude-haiku-4-5", "google": "gemini-2.5-flash", "ollama": "llama3.2"}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with running_fake() as running:
        yield running


@pytest.fixture(scope="session")
def process() -> Iterator[AiProcess]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "OLLAMA_API_KEY"):
            patch.setenv(name, SECRET)
        running = AiProcess()
        yield running
        running.close()


@pytest.fixture
def attempt() -> Attempt:
    return an_attempt()


def an_attempt(**more: Any) -> Attempt:
    return Attempt(RunActivity("e-1", "n", 1, "llm", b"{}", b"null"), lambda *_: None, SystemClock(), **more)


@pytest.fixture
def llm(process: AiProcess) -> Llm:
    kind = Llm(ActivitySettings(allow_private_addresses=True))
    kind._process = process
    return kind


@pytest.fixture
def run(llm: Llm, fake: Fake, attempt: Attempt) -> Run:
    """Asks `gpt-4o` of the fake, unless the config says otherwise."""
    return lambda **config: llm.run(attempt, {"model": "openai:gpt-4o", "base_url": fake.base("openai"), **config}, None)


def failure(run: Run, **config: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(**config)
    return caught.value
