"""The history of an execution of 100,000 events, as one reads it over HTTP: any window of it, and the state after any event.

A `repeat` of a built-in kind makes it, on `refold serve` with default settings. Then each figure is the slowest of the asked
places, which lie all over it: the first 100 and the first 1,000 events from there, and the state there. At last two lists of
50 are asked for, time after time, one after the other: alone, and while somebody reads windows and states without a pause.
`python -m benchmarks.histories [EVENTS]` runs this and nothing else.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.processes import Process, free_port, python
from benchmarks.refold_server import WAIT_S, health
from benchmarks.report import Figures, Table, shown
from benchmarks.waiting import until
from refold import Client
from refold.client.connection import Connection, connect

EVENTS: Final = 100_000
EVENTS_OF_A_ROUND: Final = 4
PLACES: Final = 40
LISTS: Final = 200
ROWS: Final = {
    "window_100": "a window of 100 events, the slowest place",
    "window_1000": "a window of 1,000 events, the slowest place",
    "state_at": "the state after an event, the slowest place",
    "list_alone": "another's list of 50, p95, alone",
    "list_beside": "another's list of 50, p95, while the history is read without a pause",
}


def measure(folder: Path, scale: float) -> Figures:
    """Milliseconds for each of ROWS."""
    folder.mkdir(parents=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = Process(python("-m", "refold", "serve", "--data", str(folder / "data"), "--port", str(port)), folder / "server.log")
    try:
        until("the server answers", lambda: health(url) is not None, server.check)
        events = _make(url, round(EVENTS * scale))
        connection = connect(url)
        found = {f"histories.{name}_ms": value for name, value in _figures(url, connection, events)}
        connection.close()
        return {"histories.events": events, **found}
    finally:
        server.stop()


def _make(url: str, events: int) -> int:
    """Run it; how many events it has."""
    loop = {"times": events // EVENTS_OF_A_ROUND, "body": {"nodes": [{"id": "n", "type": "noop"}]}}
    with Client(url) as client:
        client.publish({"name": "long", "nodes": [{"id": "l", "type": "repeat", "config": loop}]})
        client.publish({"name": "short", "nodes": [{"id": "n", "type": "noop"}]})
        client.start_many("short", [{}] * 200)
        client.start("long", execution_id="long")
        ended = client.wait("long", timeout_s=WAIT_S * 10)
        return int(client.state("long", min_position=ended["position"])["at"])


def _figures(url: str, connection: Connection, events: int) -> Iterator[tuple[str, float]]:
    places = [1 + place * (events - 1) // (PLACES - 1) for place in range(PLACES)]
    for limit in (100, 1_000):
        yield f"window_{limit}", max(_asked(connection, _window(place, limit)) for place in places)
    yield "state_at", max(_asked(connection, f"/v1/executions/long/state?at={place}") for place in places)
    yield "list_alone", _p95(lambda: _asked(connection, "/v1/executions?limit=50"))
    stopped = threading.Event()
    beside = threading.Thread(target=_read, args=(url, places, stopped))
    beside.start()
    try:
        yield "list_beside", _p95(lambda: _asked(connection, "/v1/executions?limit=50"))
    finally:
        stopped.set()
        beside.join()


def _window(place: int, limit: int) -> str:
    return f"/v1/executions/long/history?from={place}&limit={limit}"


def _read(url: str, places: list[int], stopped: threading.Event) -> None:
    connection = connect(url)
    while not stopped.is_set():
        for place in places:
            _asked(connection, _window(place, 1_000))
            _asked(connection, f"/v1/executions/long/state?at={place}")
            if stopped.is_set():
                break
    connection.close()


def _p95(ask: Callable[[], float]) -> float:
    return sorted(ask() for _ in range(LISTS))[LISTS * 95 // 100]


def _asked(connection: Connection, path: str) -> float:
    """How many milliseconds an answer takes."""
    begin = time.perf_counter()
    answer = connection.request("GET", path)
    took = (time.perf_counter() - begin) * 1_000
    assert answer.status == 200, answer.body[:300]
    return took


def table(figures: Figures) -> Table:
    """A line for each."""
    lines = [[said, shown(figures[f"histories.{name}_ms"])] for name, said in ROWS.items() if f"histories.{name}_ms" in figures]
    return [[f"a history of {figures.get('histories.events', 0):,.0f} events", "ms"], *lines]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "histories", int(sys.argv[1]) / EVENTS if len(sys.argv) > 1 else 1.0)
    for name, value in figures.items():
        print(f"{name} {value:,.1f}", flush=True)


if __name__ == "__main__":
    main()
