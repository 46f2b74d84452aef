"""A chaos run from beginning to end: load, faults, calm, audit. Bounded in count and in time, on loopback alone."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from .audit import audit
from .evidence import Evidence, gather
from .faults import Faults
from .ledger import Ledger, now_ms
from .load import Load
from .processes import Site
from .room import Room, make_room
from .story import Stories
from .workflows import DEFINITIONS, EXPECTED

CALM_S: Final = 120.0
"""How long what is open may take to end when nothing is killed any more."""
FIRST_S: Final = 2.0
"""How long the load goes on before the first fault, and after the last."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done: `rate` starts a second, a fault after `gap_s` on average."""

    kills: int = 200
    seed: int = 1
    workers: int = 3
    callers: int = 6
    rate: float = 15.0
    gap_s: float = 0.8
    lease_s: float = 2.0
    may_mount: bool = True


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it."""

    plan: Plan
    folder: Path
    evidence: Evidence
    stories: Stories
    findings: list[str]
    recoveries_ms: list[int]
    room: str
    seconds: float
    calm_s: float


def run(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Outcome:
    """Do all of it in a folder, where everything is left for inspection."""
    began = time.monotonic()
    room = make_room(folder / "room", plan.may_mount)
    ledger = Ledger(folder / "ledger.jsonl")
    try:
        site = Site(folder, room, plan.lease_s, plan.workers)
        try:
            return _run(plan, site, room, ledger, tell, began)
        finally:
            site.close()
            _save(site, folder)
    finally:
        ledger.close()
        room.close()


def _save(site: Site, folder: Path) -> None:
    """What lies on a file system that is about to go is kept beside it."""
    if site.data.exists():
        shutil.copytree(site.data, folder / "data", dirs_exist_ok=True)


def _run(plan: Plan, site: Site, room: Room, ledger: Ledger, tell: Callable[[str], None], began: float) -> Outcome:
    assert site.wait_ready(), f"the server does not answer; see {site.folder / 'server.log'}"
    for definition in DEFINITIONS:
        _publish(site, definition)
    load = Load([site.port], ledger, plan.seed, plan.callers, plan.rate)
    faults = Faults(site, plan.seed, plan.kills, plan.gap_s, plan.lease_s, lambda said: tell(f"{said}; {_counted(ledger)}"))
    load.begin()
    time.sleep(FIRST_S)
    try:
        faults.run()
    finally:
        (site.folder / "faults.jsonl").write_text("".join(json.dumps(asdict(fault)) + "\n" for fault in faults.done))
    tell("no more faults: what is open may end")
    time.sleep(FIRST_S)
    calm = time.monotonic()
    has_ended = load.end(CALM_S) and _wait_calm(site)
    calm_s = time.monotonic() - calm
    site.stop()
    tell("audit")
    said = (site.folder / "server.log").read_text(errors="replace")
    lease_ms = round(plan.lease_s * 1000)
    evidence = gather(site.data, site.effects, ledger.entries, faults.done, site.exits, said, lease_ms)
    stories = Stories(evidence)
    findings = audit(stories)
    if not has_ended:
        findings.append(f"not everything had ended {CALM_S:g} s after the last fault")
    if faults.refused_rivals != faults.rivals:
        findings.append(f"a second server got the folder of a frozen one: {faults.rivals - faults.refused_rivals} of {faults.rivals} times")
    return Outcome(
        plan=plan, folder=site.folder, evidence=evidence, stories=stories, findings=findings, recoveries_ms=faults.recoveries_ms,
        room=room.kind, seconds=time.monotonic() - began, calm_s=calm_s,
    )  # fmt: skip


def _counted(ledger: Ledger) -> str:
    return f"{ledger.count('start')} starts, {ledger.count('signal')} signals accepted"


def _publish(site: Site, definition: object) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("POST", "/v1/workflows", json.dumps(definition).encode(), {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.status in (200, 201), response.read()
    connection.close()


def _wait_calm(site: Site) -> bool:
    """Wait until only those are open that wait for ever; whether that came in time."""
    endless = {name for name, expected in EXPECTED.items() if expected.status == "open"}
    deadline = now_ms() + CALM_S * 1000
    while now_ms() < deadline:
        site.tend()
        with suppress(OSError, http.client.HTTPException, ValueError, KeyError):
            if _open_workflows(site) <= endless:
                return True
        time.sleep(0.2)
    return False


def _open_workflows(site: Site) -> set[str]:
    """The workflows of which an execution is open, by read models that are up with the journal."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    try:
        connection.request("GET", "/health/ready")
        position = json.loads(connection.getresponse().read())["position"]
        statuses = "&".join(f"status={status}" for status in ("created", "scheduled", "running", "paused", "incident"))
        connection.request("GET", f"/v1/executions?{statuses}&limit=500&min_position={position}")
        return {one["workflow"] for one in json.loads(connection.getresponse().read())["executions"]}
    finally:
        connection.close()
