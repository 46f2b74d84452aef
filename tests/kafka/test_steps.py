"""Recorded steps on a log on Kafka: what is recorded never runs again, whichever engine or worker is killed between steps."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import ROOT, Server
from tests.kafka.played_engine import until
from tests.kafka.test_shared_serving import Serve, serve  # noqa: F401  # a fixture
from tests.sdk.test_steps_killed import DEFINITION

STEPS = 400
KILLS = 5


class Climb:
    """One execution of many steps, workers that come and go, and what they have noted."""

    def __init__(self, notes: Path, speaks: str) -> None:
        self.notes, self._speaks = notes, speaks
        self.gate = notes.with_name("gate")
        self.notes.touch()
        self.gate.touch()
        self._workers: list[subprocess.Popen[bytes]] = []

    def work_for(self, server: Server) -> None:
        """A worker of its own on the log, or of this server."""
        where = ["--log", os.environ["REFOLD_LOG"]] if self._speaks == "kafka" else ["--server", server.url]
        environment = {name: value for name, value in os.environ.items() if name not in ("REFOLD_LOG", "REFOLD_SERVER")}
        words = [sys.executable, "-m", "refold", "worker", "tests.sdk.stepping", *where]
        self._workers.append(subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))

    def kill_worker(self) -> None:
        self._workers[-1].kill()
        self._workers[-1].wait()

    def ran(self) -> list[int]:
        return [int(line.split()[0]) for line in self.notes.read_text().splitlines()]

    def goes_on(self, chance: random.Random) -> None:
        """Until some more steps have run."""
        done = len(self.ran())
        self.let_go_on(done + 50)
        enough = done + chance.randrange(1, 10)
        until(lambda: len(self.ran()) >= enough, "no further step ran")

    def let_go_on(self, steps: int) -> None:
        """To so many: the last ones are not to be taken before all have been killed, however fast this machine is."""
        self.gate.write_bytes(b"." * steps)

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()


@pytest.fixture(params=["kafka", "http"])
def climb(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Climb]:
    climb = Climb(tmp_path / "notes", request.param)
    yield climb
    climb.close()


def output_of(server: Server, execution: str) -> Any:
    answer = server.get(f"/v1/executions/{execution}")
    return answer.json["output"] if answer.status == 200 and answer.json["status"] == "completed" else None


def test_no_recorded_step_runs_again_whoever_is_killed(serve: Serve, climb: Climb) -> None:  # noqa: F811
    chance = random.Random(1)
    one, other = serve("one"), serve("other")
    one.publish(DEFINITION)
    until(lambda: other.get("/v1/workflows/climbing").status == 200)
    climb.work_for(other)
    execution = other.start("climbing", {"file": str(climb.notes), "gate": str(climb.gate), "steps": STEPS})["execution_id"]
    climb.goes_on(chance)
    climb.kill_worker()
    climb.work_for(other)
    climb.goes_on(chance)
    one.kill()
    climb.goes_on(chance)
    third = serve("third")
    climb.goes_on(chance)
    climb.kill_worker()
    other.kill()  # and with it, over HTTP, whoever had given the task to the worker
    climb.let_go_on(STEPS)
    climb.work_for(third)
    output = until(lambda: output_of(third, execution))
    ran = climb.ran()
    assert output["height"] == sum(range(STEPS))
    assert ran == sorted(ran), "a step ran again after a later one had begun, so after it was recorded"
    assert sum(count - 1 for count in Counter(ran).values()) <= KILLS
    assert set(ran) == set(range(STEPS))
    assert third.get(f"/v1/executions/{execution}/history?limit=1").status == 200
