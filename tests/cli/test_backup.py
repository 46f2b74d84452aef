"""Backups of a data folder, and what is said when something of it is missing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.codec import decode_record
from contracts.journal import PartitionClaimed
from contracts.lost import Lost
from infra.log.sqlite import SqliteLog
from tests.cli.conftest import CommandLine

BIG = "name: big\nnodes: [{id: a, type: wait_signal, config: {name: go}}]\n"


@pytest.fixture
def waits(refold: CommandLine) -> Path:
    return refold.file("waits.yaml", BIG)


def test_a_backup_beside_a_living_server_holds_all_that_was_acknowledged(refold: CommandLine, waits: Path, tmp_path: Path) -> None:
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


def test_a_backup_is_brought_up_to_date_beside_a_living_server_and_its_copy_waits_to_be_let_run(
    refold: CommandLine, waits: Path, tmp_path: Path
) -> None:
    refold("deploy", waits)
    url = refold.serve()
    backup, copy = tmp_path / "backup", tmp_path / "copy"
    given = refold.file("given.json", json.dumps({"text": "x" * 100_000}))
    positions = []
    for name in ("a", "b", "c"):
        refold("start", "big", "--id", name, "--input", f"@{given}", "--server", url, env={"REFOLD_DATA": ""})
        positions.append(refold("backup", backup, "--json").json["position"])
    assert "goes up to position" in refold("backup", backup).out
    over_http = tmp_path / "over_http"
    assert refold("backup", over_http, "--server", url, "--json", env={"REFOLD_DATA": ""}).json["position"] == positions[-1]
    assert {path.name for path in (over_http / "segments").iterdir()} >= {path.name for path in (backup / "segments").glob("definitions*")}
    refold("restore", over_http, "--to", tmp_path / "far")
    assert "0 differences" in refold("verify", data=tmp_path / "far").out
    assert refold("list", "--json", data=tmp_path / "far").json == refold("list", "--json").json
    assert "verify it: " in refold("restore", backup, "--to", copy).out
    assert [row["execution_id"] for row in refold("list", "--json", data=copy).json] == ["a", "b", "c"]
    assert "0 differences" in refold("verify", data=copy).out
    complaint = refold("signal", "a", "go", data=copy, code=1).complaint
    assert "the original may live" in complaint
    assert f"refold restore --resume --to {copy}" in complaint
    assert refold("serve", "--port", "0", data=copy, code=1).complaint == complaint
    refold("restore", "--resume", "--to", copy)
    refold("signal", "a", "go", data=copy)
    refold("restore", backup, "--to", tmp_path / "earlier", "--at", positions[0])
    assert [row["execution_id"] for row in refold("list", "--json", data=tmp_path / "earlier").json] == ["a"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("restore", "nowhere", "--to", "copy"), "there is no backup in nowhere: it has no backup.json"),
        (("restore", "nowhere"), "--to is missing"),
        (("restore", "--to", "copy"), "SRC is missing"),
        (("restore", "--to", "copy", "--resume"), "copy is no copy that waits for --resume"),
        (("restore", "--to", "copy", "--resume", "--at", "3"), "--at is for putting a backup back"),
        (("backup", "data/backup"), "lies in the data folder"),
        (("backup", "backup"), "there is no data folder"),
        (("backup", "backup", "--server", "http://127.0.0.1:1"), "the server does not answer"),
    ],
)
def test_what_cannot_be_backed_up_or_put_back_is_said(refold: CommandLine, words: tuple[str, ...], says: str) -> None:
    assert says in refold(*words, code=None).complaint


def cut_off(refold: CommandLine, rows: int) -> None:
    """Take rows away at the end of the journal."""
    with closing(sqlite3.connect(refold.data / "log.db", isolation_level=None)) as log:
        log.execute(f"DELETE FROM journal WHERE place IN (SELECT place FROM journal ORDER BY place DESC LIMIT {rows})")


@pytest.fixture
def cut(refold: CommandLine, waits: Path) -> CommandLine:
    """A log that has lost its last two rows."""
    refold("deploy", waits)
    for name in ("a", "b", "c"):
        refold("start", "big", "--id", name)
    cut_off(refold, 2)
    return refold


@pytest.mark.parametrize(
    "words", [["list"], ["verify"], ["start", "big"], ["continue"], ["serve", "--port", "0"]], ids=lambda words: words[0]
)
def test_a_log_that_has_lost_its_end_is_refused(cut: CommandLine, words: list[str]) -> None:
    complaint = cut(*words, code=1).complaint
    assert "has lost what was acknowledged: journal, partition 0 ends at" in complaint
    assert "refold accept-loss" in complaint


def test_a_log_that_has_lost_its_end_is_refused_until_that_is_accepted(cut: CommandLine) -> None:
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


def test_accept_loss_is_about_a_data_folder(cut: CommandLine) -> None:
    assert "is told of a data folder" in cut("accept-loss", "--server", "http://127.0.0.1:1", code=2, env={"REFOLD_DATA": ""}).complaint


# What does not fit together.


@pytest.fixture
def older(refold: CommandLine, waits: Path, tmp_path: Path) -> CommandLine:
    """A folder with all that a server keeps, in which the log is put back to what it was, with its second place."""
    refold("deploy", waits)
    refold("start", "big", "--id", "first")
    (kept := tmp_path / "kept").mkdir()
    for name in ("log.db", "log.db-end"):
        shutil.copy(refold.data / name, kept / name)
    url = refold.serve()
    for name in ("second", "third"):
        refold("start", "big", "--id", name, "--server", url, env={"REFOLD_DATA": ""})
    refold("list", "--server", url, env={"REFOLD_DATA": ""})
    refold.stop()
    for name in ("log.db", "log.db-end"):
        shutil.copy(kept / name, refold.data / name)
    for name in ("log.db-wal", "log.db-shm"):
        (refold.data / name).unlink(missing_ok=True)
    return refold


def wrong(refold: CommandLine) -> list[str]:
    return [check["what"] for check in refold("doctor", "--json", code=None).json["checks"] if check["state"] == "wrong"]


def test_doctor_names_blobs_snapshots_and_rows_that_know_more_than_the_log(older: CommandLine) -> None:
    assert wrong(older) == ["blobs", "snapshot", "read models"]


def test_an_older_log_beside_newer_rows_is_served_with_rows_made_again(older: CommandLine) -> None:
    url = older.serve()
    for name in ("fourth", "fifth", "sixth", "seventh"):
        older("start", "big", "--id", name, "--server", url, env={"REFOLD_DATA": ""})
    listed = older("list", "--json", "--server", url, env={"REFOLD_DATA": ""}).json
    assert {row["execution_id"] for row in listed} == {"first", "fourth", "fifth", "sixth", "seventh"}
    older.stop()
    assert wrong(older) == []


def test_blobs_of_another_log_are_refused(refold: CommandLine, waits: Path, tmp_path: Path) -> None:
    refold("deploy", waits)
    other = tmp_path / "other"
    refold("deploy", waits, data=other)
    shutil.rmtree(refold.data / "blobs")
    shutil.copytree(other / "blobs", refold.data / "blobs")
    assert "put those into one folder that belong together" in refold("start", "big", code=1).complaint


def test_no_log_is_made_anew_beside_the_blobs_of_one_that_is_gone(refold: CommandLine, waits: Path) -> None:
    refold("deploy", waits)
    for path in refold.data.glob("log.db*"):
        path.unlink()
    assert "nothing was made in its place" in refold("deploy", waits, code=1).complaint
    assert not (refold.data / "log.db").exists()


def test_doctor_says_what_was_lost_and_accepted(cut: CommandLine) -> None:
    cut("accept-loss", "--yes")
    checks = {check["what"]: check for check in cut("doctor", "--json").json["checks"]}
    assert (checks["lost before"]["state"], wrong(cut)) == ("note", [])
    assert "journal, partition 0 ends at" in checks["lost before"]["found"]
