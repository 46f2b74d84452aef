"""1,000 events a second of one execution: from when each was recorded to when it is on the screen, over cuts and `kill -9`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.refold_server import RefoldServer, health
from benchmarks.served import percentile
from benchmarks.waiting import until
from benchmarks.web_ui.browser import Watched
from refold import Client
from refold.client.connection import connect
from refold.errors import Unavailable

SIGNALS_PER_S: Final = 34
"""Each makes about thirty events."""
STEPS: Final = 12
CUTS: Final = 50
RESTARTS: Final = 3
EXECUTION: Final = "ui-live"
SOCKETS: Final = """
  window.sockets = [];
  window.heard = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      sockets.push(this);
      this.addEventListener("message", ({ data }) => { const { event } = JSON.parse(data); if (event) heard.push(event.id); });
    }
  };
"""
PAINTED: Final = """() => {
  window.painted = [];
  const count = document.querySelector("[class*=reel] strong");
  const seen = () => requestAnimationFrame(() => painted.push([Date.now(), Number(count.textContent)]));
  new MutationObserver(seen).observe(count, { characterData: true, childList: true, subtree: true });
}"""


class Sent:
    """How many signals were taken in, by all that sent some."""

    sent = 0


PACES: Final = Sent()


class Pace:
    """Signals, so many a second, until it is stopped; each moves the execution on by a round. What fails is sent again."""

    def __init__(self, url: str) -> None:
        self._url, self._over = url, threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        connection = connect(self._url)
        begun, already = time.monotonic(), PACES.sent
        while not self._over.is_set():
            if PACES.sent - already >= (time.monotonic() - begun) * SIGNALS_PER_S:
                time.sleep(0.002)
                continue
            try:
                key = {"idempotency-key": f"go-{PACES.sent}"}
                if connection.request("POST", f"/v1/executions/{EXECUTION}/signals/go", b"{}", key, timeout_s=5).status < 300:
                    PACES.sent += 1
            except Unavailable:
                time.sleep(0.02)  # it is sent again, under its key

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


def make(url: str) -> None:
    steps = [{"id": f"s{at}", "type": "set_variable", "config": {"name": "x", "value": at}} for at in range(STEPS)]
    nodes = [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}, *steps]
    edges = [{"from": "wait.received", "to": "s0"}, *({"from": f"s{at - 1}", "to": f"s{at}"} for at in range(1, STEPS))]
    loop = {"times": 100_000, "body": {"nodes": nodes, "edges": edges}}
    with Client(url) as client:
        client.publish({"name": "ui_live", "variables": {"x": 0}, "nodes": [{"id": "l", "type": "repeat", "config": loop}]})
        client.start("ui_live", execution_id=EXECUTION)


def measure(server: RefoldServer, watched: Watched, seconds: float) -> Iterator[tuple[str, float]]:
    """The page follows; then its connections are cut, and the server is killed, and it still has all."""
    page = watched.page
    page.add_init_script(SOCKETS)
    page.goto(f"{server.url}/executions/{EXECUTION}")
    page.locator("[class*=reel] strong").wait_for()
    page.evaluate(PAINTED)
    pace = Pace(server.url)
    page.wait_for_timeout(seconds * 1_000)
    pace.stop()
    painted = page.evaluate("painted")
    late = sorted(_late(server.url, painted))
    events = painted[-1][1] - painted[0][1]
    yield "live_events_per_s", events / ((painted[-1][0] - painted[0][0]) / 1_000)
    yield "live_p50_ms", percentile(late, 0.5)
    yield "live_p95_ms", percentile(late, 0.95)
    yield from _cut(server, watched)


def _late(url: str, painted: list[list[float]]) -> Iterator[float]:
    """Of each event but those that were there before: how long after it was recorded it was painted."""
    times = _times(url)
    before = painted[0][1]
    for at, version in painted[1:]:
        for event in range(int(before), int(version)):
            yield at - times[event]
        before = max(before, version)


def _times(url: str) -> list[float]:
    """When each event was recorded, in milliseconds since 1970."""
    times: list[float] = []
    with Client(url) as client:
        while True:
            found = client.trace(EXECUTION, len(times))
            now = found["time"]
            for apart in found["events"]["time"]:
                now += apart
                times.append(now)
            if found["version"] >= found["last"]:
                return times


def _cut(server: RefoldServer, watched: Watched) -> Iterator[tuple[str, float]]:
    """Cut after cut, some of them by `kill -9`; how many events the page lacks once it has come to rest."""
    page = watched.page
    pace = Pace(server.url)
    for cut in range(CUTS):
        page.wait_for_timeout(120)
        if cut % (CUTS // RESTARTS) == 7:
            server.kill_server()
            until("the server answers again", lambda: health(server.url) is not None)
        else:
            page.evaluate("sockets.at(-1).close()")
    pace.stop()
    with Client(server.url) as client:
        last = int(client.state(EXECUTION)["at"])
    count = page.locator("[class*=reel] strong")
    until("the page has all", lambda: int(count.inner_text()) >= last, limit_s=60)
    shown = int(count.inner_text())
    yield "cuts", CUTS
    yield "gaps", abs(shown - last)
    yield "doubles", page.evaluate("heard.length - new Set(heard).size")
    yield "signals_lost", PACES.sent - _received(server.url)


def _received(url: str) -> int:
    """How many signals the execution has had."""
    with Client(url) as client:
        found = client.trace(EXECUTION)
        assert found["version"] >= found["last"], "expected the whole trace in one answer"
    kind = found["types"].index("SignalReceived")
    return int(sum(one == kind for one in found["events"]["type"]))
