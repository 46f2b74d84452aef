"""Recorded steps where processes are killed: a step that is recorded never runs again, and one in flight runs again once a kill."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import refold
from tests import preloaded

ROOT = Path(__file__).parents[2]
STEPS = 500
DEADLINE_S = 90.0
DEFINITION = {"name": "climbing", "nodes": [{"id": "n", "type": "climb"}]}


class Place:
    """A server on a data folder and a worker, each of which may be killed and comes back."""

    def __init__(self, folder: Path, port: int) -> None:
        self.data, self.notes, self.port = folder / "data", folder / "notes", port
        self.notes.touch()
        self.url = f"http://127.0.0.1:{port}"
        self.server = self._serve()
        self.worker = self._work()

    def _serve(self) -> subprocess.Popen[bytes]:
        words = ["serve", "--data", str(self.data), "--port", str(self.port), "--set", "lease_s=0.5"]
        process = preloaded.begin(*words, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert b" at http" in process.stdout.readline()
        return process

    def _work(self) -> subprocess.Popen[bytes]:
        words = ["worker", "tests.sdk.stepping", "--server", self.url]
        return preloaded.begin(*words, cwd=ROOT, stderr=subprocess.DEVNULL)

    def kill(self, which: str) -> None:
        """Kill -9, and begin anew."""
        old: subprocess.Popen[bytes] = getattr(self, which)
        old.kill()
        old.wait()
        setattr(self, which, self._work() if which == "worker" else self._serve())

    def ran(self) -> list[int]:
        """The numbers of the steps that ran, in their order."""
        return [int(line.split()[0]) for line in self.notes.read_text().splitlines()]

    def until_ran(self, count: int) -> None:
        until(lambda: len(self.ran()) >= count)

    def close(self) -> None:
        for process in (self.worker, self.server):
            process.kill()
            process.wait()


def until(holds: Any) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.005)


@contextmanager
def place_in(folder: Path) -> Iterator[Place]:
    import socket

    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = Place(folder, port)
    try:
        yield place
    finally:
        place.close()


@pytest.mark.parametrize("seed", [1])
def test_no_recorded_step_runs_again_whoever_is_killed_between_steps(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with place_in(tmp_path) as place:
        client = refold.Client(place.url)
        client.publish(DEFINITION)
        execution = client.start("climbing", {"file": str(place.notes), "steps": STEPS})["execution_id"]
        kills = ["worker", "server", "worker", "worker", "server", "worker"]
        for which in kills:
            place.until_ran(len(place.ran()) + chance.randrange(1, 20))
            place.kill(which)
        output = client.wait(execution, timeout_s=DEADLINE_S)["output"]
        ran = place.ran()
        client.close()
    assert output["height"] == sum(range(STEPS))
    assert output["attempt"] >= 1 + kills.count("worker")
    assert ran == sorted(ran), "a step ran again after a later one had begun, so after it was recorded"
    again = {number: count - 1 for number, count in Counter(ran).items() if count > 1}
    assert sum(again.values()) <= len(kills), f"more than what was in flight ran again: {again}"
    assert set(ran) == set(range(STEPS))
    verified = preloaded.run("verify", "--all", "--data", tmp_path / "data")
    assert verified.returncode == 0, verified.stderr
