"""`list` on a data folder: from its read models, with what they lack; the same rows as from the journal alone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infra.server.reader_wiring import open_projectors
from infra.settings.model import EngineSettings
from refold.cli.commands import folder_rows
from refold.cli.commands.folder import FolderTarget
from refold.cli.commands.target import Wanted
from tests.cli.conftest import CommandLine

WANTED = [
    Wanted(),
    Wanted(limit=2),
    Wanted(statuses=["running", "failed"]),
    Wanted(workflow="waits"),
    Wanted(statuses=["completed"], limit=1),
    Wanted(filter="status != 'completed' && created_at < now", limit=2),
    Wanted(filter="has(error.type) || duration > duration('1h')"),
    Wanted(statuses=["running", "failed"], filter="outcome == null"),
]


def project(data: Path) -> None:
    """What a server's projector does beside it."""
    with open_projectors(EngineSettings(data=data), lambda *_: None) as projectors:
        projectors.look_at_all()


def rows_of(data: Path) -> list[list[dict[str, Any]]]:
    place = FolderTarget(EngineSettings(data=data))
    return [place.executions(wanted) for wanted in WANTED]


def without_read_models(data: Path) -> list[list[dict[str, Any]]]:
    os.rename(data / "projection.db", data / "away.db")
    try:
        return rows_of(data)
    finally:
        os.rename(data / "away.db", data / "projection.db")


@pytest.fixture
def projected(filled: CommandLine) -> CommandLine:
    project(filled.data)
    return filled


@pytest.fixture
def folds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the journal is not to be folded."""

    def fail(reader: object, wanted: Wanted) -> None:
        raise AssertionError("the whole journal was folded")

    monkeypatch.setattr(folder_rows, "_folded", fail)


def test_rows_that_are_up_to_date_are_read(projected: CommandLine, folds_nothing: None) -> None:
    assert [row["execution_id"] for row in rows_of(projected.data)[0]] == ["good", "failed", "stuck", "waiting"]


def test_rows_are_the_same_with_read_models_and_without(projected: CommandLine) -> None:
    assert rows_of(projected.data) == without_read_models(projected.data)


def test_what_has_gone_on_since_is_folded_from_where_the_rows_end(projected: CommandLine, request: pytest.FixtureRequest) -> None:
    projected("signal", "waiting", "approved")
    projected("resolve", "stuck", "skip")
    projected("run", "tiny.yaml", "--id", "later")
    projected("cancel", "good", code=None)  # refused, and recorded after its end
    alone = without_read_models(projected.data)
    request.getfixturevalue("folds_nothing")
    found = rows_of(projected.data)
    assert found == alone
    assert {row["execution_id"]: row["status"] for row in found[0]} == {
        "good": "completed", "failed": "failed", "stuck": "completed", "waiting": "completed", "later": "completed",
    }  # fmt: skip


def test_rows_of_another_journal_are_passed_over(projected: CommandLine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    projected("run", "tiny.yaml", "--id", "alone", data=other)
    os.rename(projected.data / "projection.db", other / "projection.db")
    assert [row["execution_id"] for row in rows_of(other)[0]] == ["alone"]


def test_rows_that_lack_much_are_passed_over(projected: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    projected("signal", "waiting", "approved")
    monkeypatch.setattr(folder_rows, "BEHIND_MAX", 0)
    assert json.loads(json.dumps(rows_of(projected.data))) == without_read_models(projected.data)
