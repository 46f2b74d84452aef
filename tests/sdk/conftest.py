"""What tests of the package share: a server of the worker protocol, and `refold serve` with the example's worker."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import refold
from tests import preloaded
from tests.protocol.host import Host

ROOT = Path(__file__).parents[2]


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as made:
        yield made
        made.verify()


def begin(*words: str, **more: Any) -> subprocess.Popen[str]:
    return preloaded.begin(*words, cwd=ROOT, text=True, **more)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a worker; at the end every decision is decided again."""
    data = str(tmp_path_factory.mktemp("server") / "data")
    serving = begin("serve", "--data", data, "--port", "0", stdout=subprocess.PIPE)
    assert serving.stdout is not None
    url = serving.stdout.readline().split(" at ")[1].strip()
    worker = begin("worker", "examples.activities", env={**os.environ, "REFOLD_SERVER": url})
    try:
        yield url
    finally:
        worker.terminate()
        assert worker.wait(15) == 0
        serving.terminate()
        assert serving.wait(15) == 0
    verified = begin("verify", "--all", "--data", data, stdout=subprocess.PIPE)
    assert verified.stdout is not None
    assert "0 differences" in verified.communicate(timeout=30)[0]


@pytest.fixture
def client(server: str) -> Iterator[refold.Client]:
    with refold.Client(server) as made:
        made.publish(ROOT / "examples" / "user_activities.yaml")
        yield made
