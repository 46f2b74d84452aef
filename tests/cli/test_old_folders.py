"""Data folders that builds before this one have written: each is read, proved, gone on with. A release adds its own to `tests/folders`."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine

FOLDERS = sorted((Path(__file__).parents[1] / "folders").glob("*.tar.xz"))
STATUSES = {
    "done": "completed",
    "waits": "running",
    "failed": "failed",
    "stuck": "incident",
    "parent": "running",
    "parent~sub": "running",
    "paused": "paused",
}


@pytest.fixture(params=FOLDERS, ids=lambda path: path.name)
def old(refold: CommandLine, request: pytest.FixtureRequest) -> CommandLine:
    with tarfile.open(request.param) as archive:
        archive.extractall(refold.data, filter="data")
    return refold


def test_a_folder_of_a_build_before_is_read_proved_and_gone_on_with(old: CommandLine, tmp_path: Path) -> None:
    assert {row["execution_id"]: row["status"] for row in old("list", "--json").json} == STATUSES
    assert "0 differences" in old("verify", "--all").out
    assert old("doctor", "--json").json["ok"]
    old("backup", tmp_path / "backup")
    old("signal", "waits", "go")
    old("signal", "parent~sub", "go")
    old("resume", "paused")
    old("signal", "paused", "go")
    old("resolve", "stuck", "skip", "--output", "1")
    ended = {"waits", "parent", "parent~sub", "paused", "stuck"}
    found = {row["execution_id"]: row["status"] for row in old("list", "--json").json}
    assert {name for name, status in found.items() if status == "completed"} == {"done", *ended}
    assert "0 differences" in old("verify", "--all").out


def test_a_server_lists_what_a_build_before_has_written_and_a_backup_of_it_is_put_back(old: CommandLine, tmp_path: Path) -> None:
    url = old.serve()
    found = old("list", "--json", "--server", url, env={"REFOLD_DATA": ""}).json
    assert {row["execution_id"]: row["status"] for row in found} == STATUSES
    old("backup", tmp_path / "backup")
    old("restore", tmp_path / "backup", "--to", tmp_path / "copy")
    assert {row["execution_id"]: row["status"] for row in old("list", "--json", data=tmp_path / "copy").json} == STATUSES
