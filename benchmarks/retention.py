"""Whether disk and memory stay as they are: many short executions, a retention of an hour, and a clock that runs faster.

python -m benchmarks.retention --executions 1000000 --speed 240 --an-hour 30000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from contracts.definitions import WorkflowDefinition
from infra.files.data_folder import DataFolder
from infra.server.alone import Alone
from infra.server.engine import Engine
from infra.server.retention import made_for
from infra.server.wiring import open_alone, open_retention
from infra.settings.model import EngineSettings
from infra.store.sqlite import SqliteReadModels
from projections.registry import READ_MODELS
from workers.archive.retention import Retention, Then
from workers.reading.projector import Projector

SHORT = {
    "name": "short",
    "nodes": [{"id": "a", "type": "transform", "config": {"operation": "value", "value": "{{ input.n }}"}}, {"id": "b", "type": "end"}],
    "edges": [{"from": "a", "to": "b"}],
}
ROUND = 100
"""So many are started at a time."""


class FastClock:
    """The time, some times as fast."""

    def __init__(self, speed: int) -> None:
        self._speed, self._began = speed, time.time()

    def now(self) -> int:
        """Milliseconds since 1970."""
        return int((self._began + (time.time() - self._began) * self._speed) * 1000)


class Beside:
    """A thread, and what came of its work."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._arrived: deque[tuple[Then, object]] = deque()

    def __call__(self, work: Callable[[], object], then: Then) -> None:
        """See `workers.archive.retention.Beside`."""

        def done(future: Future[object]) -> None:
            self._arrived.append((then, future.exception() or future.result()))

        self._pool.submit(work).add_done_callback(done)

    def hear(self) -> None:
        """Hand over what has come."""
        while self._arrived:
            then, found = self._arrived.popleft()
            then(found)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()


def measured(folder: Path, count: int, speed: int, an_hour: int, lines: int) -> None:
    """Run them, as many `an_hour` of the clock, and print what there is now and then."""
    settings = EngineSettings(data=folder / "data", retention="1h", archive=str(folder / "archive"), threads=False)
    clock: Any = FastClock(speed)
    with open_alone(settings, clock) as alone, open_retention(settings) as setup, closing(_rows(folder / "data")) as rows:
        engine, beside = Engine(alone), Beside()
        engine.publish(WorkflowDefinition.model_validate(SHORT))
        retention = made_for(setup, alone, beside)
        projector = Projector(alone.log, alone.catalog, rows)
        print("executions  hours  known     removed    log.db    rows      archive   memory    per second")
        began = last = time.time()
        for number in range(ROUND, count + 1, ROUND):
            _round(engine, number)
            due = began + number / an_hour * 3_600 / speed
            while _go_on(beside, retention) or time.time() < due:
                pass
            if number % 1_000 == 0:
                projector.step()
            if number % (count // lines) == 0:
                now = time.time()
                _line(folder, alone, number, (now - began) * speed / 3_600, round(count / lines / (now - last)))
                last = now
        beside.close()
        assert not retention.error, retention.error


def _round(engine: Engine, number: int) -> None:
    for offset in range(ROUND):
        engine.start("short", {"n": number + offset})
    while engine.step():
        pass


def _go_on(beside: Beside, retention: Retention) -> bool:
    """Do a step of what is done about what has ended; whether there was one to do."""
    time.sleep(0.001)  # what is done beside it is to have the interpreter
    beside.hear()
    return retention.step()


def _rows(data: Path) -> SqliteReadModels:
    return SqliteReadModels(DataFolder(data).projection, READ_MODELS)


def _line(folder: Path, alone: Alone, number: int, hours: float, rate: int) -> None:
    log = sum(path.stat().st_size for path in (folder / "data").glob("log.db*"))
    rows = sum(path.stat().st_size for path in (folder / "data").glob("projection.db*"))
    archive = sum(path.stat().st_size for where in ("data/retention", "archive") for path in (folder / where).glob("*"))
    known, removed = len(alone.owner.executions.ended), alone.owner.metrics.removed
    sizes = "".join(f"{size / 1e6:7.1f} MB" for size in (log, rows, archive, _memory()))
    print(f"{number:10,}  {hours:5.1f}  {known:8,}  {removed:9,} {sizes}  {rate:,}", flush=True)


def _memory() -> int:
    """What the process takes up now."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def main() -> None:
    """Ask what is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--speed", type=int, default=240, help="how many times as fast the clock runs")
    parser.add_argument("--an-hour", type=int, default=30_000, help="so many start in an hour of that clock, where the machine can")
    parser.add_argument("--lines", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refold-retention-") as folder:
        measured(Path(folder), given.executions, given.speed, given.an_hour, given.lines)


if __name__ == "__main__":
    main()
