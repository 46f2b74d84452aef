"""Backups of a data folder, and what is said when something of it is missing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from contracts.codec import decode_record
from contracts.journal import PartitionClaimed
from contracts.lost import Lost
from infra.log.sqlite import SqliteLog

BIG = "name: big\nnodes: [{id: a, type: wait_signal, config: {name: go}}]\n"


@pytest.fixture
def waits(refold):
    return refold.file("waits.yaml", BIG)


def test_a_backup_beside_a_living_server_holds_all_that_was_acknowledged(refold, waits, tmp_path):
    refold("deploy", waits)
    url = refold.serve()
    names = [f"e{number}" for number in range(4)]
    given = refold.file("given.json", json.dumps({"text": "x" * 100_000}))
    for name in names:
        refold("start", "big", "--id", name, "--input", f"@{given}", "--server", url, env={"REFOLD_DATA": ""})
    backup = tmp_path / "backup"
    backup.mkdir()
    with closing(sqlite3.connect(refold.data / "log.db")) as source, closing(sqlite3.connect(backup / "log.db")) as copy:
        source.backup(copy)
    shutil.copytree(refold.data / "blobs", backup / "blobs")
    assert [row["execution_id"] for row in refold("list", "--json", data=backup).json] == names
    assert "0 differences" in refold("verify", data=backup).out
    assert refold("doctor", "--json", data=backup).json["ok"]
    for name in names:
        refold("signal", name, "go", data=backup, code=None)
    assert {row["status"] for row in refold("list", "--json", data=backup).json} == {"completed"}


def cut_off(refold, rows):
    """Take rows away at the end of the journal."""
    with closing(sqlite3.connect(refold.data / "log.db", isolation_level=None)) as log:
        log.execute(f"DELETE FROM journal WHERE place IN (SELECT place FROM journal ORDER BY place DESC LIMIT {rows})")


@pytest.fixture
def cut(refold, waits):
    """A log that has lost its last two rows."""
    refold("deploy", waits)
    for name in ("a", "b", "c"):
        refold("start", "big", "--id", name)
    cut_off(refold, 2)
    return refold


@pytest.mark.parametrize(
    "words", [["list"], ["verify"], ["start", "big"], ["continue"], ["serve", "--port", "0"]], ids=lambda words: words[0]
)
def test_a_log_that_has_lost_its_end_is_refused(cut, words):
    complaint = cut(*words, code=1).complaint
    assert "has lost what was acknowledged: journal, partition 0 ends at" in complaint
    assert "refold accept-loss" in complaint


def test_a_log_that_has_lost_its_end_is_refused_until_that_is_accepted(cut):
    [log] = [check for check in cut("doctor", "--json", code=1).json["checks"] if check["state"] == "wrong"]
    assert "accept-loss" in log["fix"]
    told = cut("accept-loss", "--json", code=1).json
    assert (told["accepted"], told["doubt"]) == (False, None)
    [lost] = told["lost"]
    assert cut("accept-loss", "--json", code=1).json == told
    assert "accepted" in cut("accept-loss", "--yes").out
    assert "nothing is lost" in cut("accept-loss").out
    assert [row["execution_id"] for row in cut("list", "--json").json] == ["a", "b"]
    assert "0 differences" in cut("verify").out
    with closing(SqliteLog(cut.data / "log.db", read_only=True)) as log:
        claims = [record for _, content in log.read("journal", 0) if isinstance(record := decode_record(content), PartitionClaimed)]
    assert claims[-1].lost == (Lost("journal", 0, lost["first"], lost["end"]),)
    cut("start", "big", "--id", "d")


def test_accept_loss_is_about_a_data_folder(cut):
    assert "is told of a data folder" in cut("accept-loss", "--server", "http://127.0.0.1:1", code=2, env={"REFOLD_DATA": ""}).complaint
