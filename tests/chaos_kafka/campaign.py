"""A chaos run on Kafka from beginning to end: load, faults, calm, audit. Bounded in count and in time, on loopback alone."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from tests.chaos.ledger import Ledger
from tests.chaos.load import Load
from tests.chaos.workflows import DEFINITIONS, EXPECTED

from .audit import audit
from .evidence import gather, wait_agreed
from .faults import Faults
from .raw import RawReader, judge
from .site import PREFIX, KafkaSite
from .stories import ENDS, RawStories

CALM_S: Final = 150.0
"""How long what is open may take to end when nothing is harmed any more."""
FIRST_S: Final = 5.0
"""How long the load goes on before the first fault, and after the last."""
LEASE_MS: Final = 30_000
PUBLISH_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done: `rate` starts a second; each sort of process is harmed `gap_s` after it is well again, on average."""

    faults: int = 300
    seed: int = 1
    partitions: int = 4
    callers: int = 6
    rate: float = 6.0
    gap_s: float = 1.5
    session_s: float = 6.0
    may_cut: bool = True
    calm_s: float = CALM_S


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it. `load_at` is when the load began, `faults_at` when the faults did, `calm_at` when they ended (milliseconds)."""

    plan: Plan
    folder: Path
    stories: RawStories
    findings: list[str]
    has_network: bool
    load_at: int
    faults_at: int
    calm_at: int
    seconds: float
    calm_s: float


def run(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Outcome:
    """Do all of it in a folder, where everything is left for inspection. Raises NoBroker."""
    began = time.monotonic()
    ledger = Ledger(folder / "ledger.jsonl")
    site = KafkaSite(folder, plan.partitions, plan.session_s, plan.may_cut)
    reader = RawReader(site.cluster.bootstrap, PREFIX)
    faults = Faults(site, plan.seed, plan.faults, plan.gap_s, plan.session_s, lambda said: tell(f"{said}; {_counted(ledger)}"))
    try:
        return _run(plan, site, ledger, reader, faults, tell, began)
    finally:
        site.close()
        faults.close()
        reader.close()
        ledger.close()


def _run(
    plan: Plan, site: KafkaSite, ledger: Ledger, reader: RawReader, faults: Faults, tell: Callable[[str], None], began: float
) -> Outcome:
    tell("brokers are up" + ("" if site.network else "; NO NETWORK NAMESPACE could be made here: no engine is cut from the brokers"))
    for engine in site.engines:
        assert site.wait_ready(engine), f"{engine.name} is not ready; see {site.said(engine)}"
    for definition in DEFINITIONS:
        _publish(site, definition)
    tell("load")
    load = Load(site.ports, ledger, plan.seed, plan.callers, plan.rate)
    load_at = _now()
    load.begin()
    time.sleep(FIRST_S)
    faults_at = _now()
    try:
        faults.run()
    finally:
        _save(site, "faults", [asdict(fault) for fault in faults.done])
    calm_at = _now()
    tell("no more faults: what is open may end")
    time.sleep(FIRST_S)
    waiting = time.monotonic()
    findings = list(faults.errors)
    if not load.end(plan.calm_s):
        findings.append("the clients were not answered in time")
    _resume_again(site, ledger)
    if still := _wait_calm(reader, plan.calm_s):
        findings += still
        tell(f"{still[0]}; what every process waits for is in its log")
        site.ask_all()
    calm_s = time.monotonic() - waiting
    wanted = {name: _status(story.ends) for name, story in _stories(reader).items()}
    answered = wait_agreed({engine.name: engine.port for engine in site.engines}, wanted)
    site.stop()
    tell("audit")
    topics = reader.read_on()
    (site.folder / "topics.msgpack").write_bytes(msgspec.msgpack.encode(topics))
    stories = gather(site, topics, answered, ledger.entries, faults.done, LEASE_MS)
    return Outcome(
        plan=plan, folder=site.folder, stories=stories, findings=[*findings, *audit(stories)], has_network=site.network is not None,
        load_at=load_at, faults_at=faults_at, calm_at=calm_at, seconds=time.monotonic() - began, calm_s=calm_s,
    )  # fmt: skip


def _now() -> int:
    return time.time_ns() // 1_000_000


def _save(site: KafkaSite, name: str, rows: list[dict[str, object]]) -> None:
    (site.folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _counted(ledger: Ledger) -> str:
    return f"{ledger.count('start')} starts, {ledger.count('signal')} signals accepted"


def _publish(site: KafkaSite, definition: object) -> None:
    """By the first engine; it may not be ready at once."""
    status, content = _post(site, "/v1/workflows", definition, (200, 201))
    assert status in (200, 201), content


def _resume_again(site: KafkaSite, ledger: Ledger) -> None:
    """A pause that was asked for twice may have come twice, the second time after the resume: from a process that was frozen."""
    for one in ledger.entries:
        if one.sort == "steer" and one.name == "pause" and one.tries > 1:
            _post(site, f"/v1/executions/{one.execution}/resume", {}, (200, 409))


def _post(site: KafkaSite, path: str, body: object, expected: Collection[int]) -> tuple[int, bytes]:
    """Ask the first engine until it answers as expected, or for long enough; what it said last."""
    deadline = time.monotonic() + PUBLISH_S
    status, content = 0, b"no answer"
    while status not in expected and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", site.ports[0], timeout=30)
        with suppress(OSError, http.client.HTTPException):
            connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
            response = connection.getresponse()
            status, content = response.status, response.read()
        connection.close()
        if status not in expected:
            time.sleep(0.2)
    return status, content


class _Open:
    """An execution as the calm is judged by: its workflow, and how it ended."""

    def __init__(self) -> None:
        self.workflow = ""
        self.ends: list[str] = []


def _stories(reader: RawReader) -> dict[str, _Open]:
    found: dict[str, _Open] = {}
    for decision in judge(reader.read_on("journal")["journal"]).decisions:
        one = found.setdefault(decision.execution, _Open())
        if decision.command[0] == 1 and decision.events:
            one.workflow = decision.command[1]
        one.ends += [ENDS[event[0]] for event in decision.events if event[0] in ENDS]
    return found


def _status(ends: list[str]) -> str:
    return ends[-1] if ends else "running"


def _wait_calm(reader: RawReader, calm_s: float) -> list[str]:
    """Wait until only those are open that wait for ever."""
    deadline = time.monotonic() + calm_s
    while True:
        stories = _stories(reader)
        still = [name for name, one in stories.items() if not one.ends and EXPECTED[one.workflow].status != "open"]
        if not still:
            return []
        if time.monotonic() >= deadline:
            shown = ", ".join(f"{name} ({stories[name].workflow})" for name in still[:10])
            return [f"{len(still)} executions were open {calm_s:g} s after the last fault: {shown}"]
        time.sleep(1)
