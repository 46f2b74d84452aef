"""The benchmarks measure what they say: what they count, which way their ratios go, and that they run at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmarks import page, report
from benchmarks.ledger import audit
from benchmarks.peers import NAMES, PEERS, missing
from benchmarks.processes import cpu_s
from benchmarks.refold_server import RefoldServer
from benchmarks.served import measure
from benchmarks.steps import PAYLOAD_BYTES, noted_step, payload
from benchmarks.workloads import chosen


def test_a_payload_has_its_length_and_is_never_the_same() -> None:
    one, other = payload(), payload()
    assert len(json.dumps(one, separators=(",", ":"))) == PAYLOAD_BYTES
    assert one != other


def test_a_step_that_ran_again_with_the_same_input_was_only_in_flight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFOLD_BENCH_LEDGER", str(tmp_path / "ledger"))
    given = payload()
    noted_step("e/n0", given)
    second = noted_step("e/n0", given)
    noted_step("e/n1", second)
    seen = audit(tmp_path / "ledger")
    assert (seen.runs, seen.steps, seen.again, seen.repeated) == (3, 2, 1, 0)


def test_a_step_that_was_given_two_results_shows_that_one_was_applied_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFOLD_BENCH_LEDGER", str(tmp_path / "ledger"))
    given = payload()
    for result in (noted_step("e/n0", given), noted_step("e/n0", given)):
        noted_step("e/n1", result)
    assert audit(tmp_path / "ledger").repeated == 1


def test_a_ratio_above_one_means_that_refold_is_better_whatever_the_unit() -> None:
    figures = {"w1.executions_per_s": 200.0, "x.w1.executions_per_s": 50.0, "w3.p50_ms": 2.0, "x.w3.p50_ms": 8.0}
    assert report.ratios(figures, ["x"]) == {"w1.ratio_x": 4.0, "w3.ratio_x": 4.0}


def test_a_workload_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="no workload w9; expected some of w1, w2"):
        chosen(["w9"], 1.0)


@pytest.mark.parametrize("peer", NAMES)
def test_the_locks_of_a_peer_have_hashes_and_no_addresses(peer: str) -> None:
    lock = (PEERS / peer / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    for file in (PEERS / peer).glob("*lock*"):
        assert "://" not in file.read_text()


def test_a_killed_server_loses_and_repeats_nothing(tmp_path: Path) -> None:
    (workload,) = chosen(["w5"], 0.02)
    figures = measure(RefoldServer, tmp_path / "w5", workload)
    assert (workload.executions, figures["lost"], figures["repeated"]) == (20, 0, 0)


def test_the_cpu_of_each_process_is_told(tmp_path: Path) -> None:
    server = RefoldServer(tmp_path / "refold")
    try:
        server.wait_ready()
        server.settle()
        pids = server.processes()
    finally:
        server.stop()
    assert {role: len(found) for role, found in pids.items()} == {"server": 1, "projector": 1, "worker": 1}
    assert cpu_s([os.getpid()]) > 0


def test_the_tables_of_the_page_are_written_between_its_marks_again_and_again() -> None:
    machine = {"cpu": "x", "cores": 2, "memory_gb": 8, "system": "Linux", "python": "3.11", "fsync_us": 100, "load": 0.1}
    figures = {"date": "2026-01-01", "scale": 1.0, "repeat": 1, "machine": machine, "peers": {}, "w3.p50_ms": 1.5, "w3.p99_ms": 2.5}
    once = page.written(page.PAGE.read_text(), figures)
    assert "| W3 | ms, p50 | 1.5 |" in once
    assert page.written(once, figures) == once


def test_a_peer_that_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.peers.PEERS", tmp_path)
    assert missing("restate") == "restate is not installed: `make bench-peers`, or `make bench-peers PEERS=restate`"
