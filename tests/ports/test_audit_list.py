"""What stands in the journal is filtered by every store as what stands beside it is filtered in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, ReadModels
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.audit import AUDIT, AuditRecord, Wanted, audit_filter, audit_where
from projections.registry import READ_MODELS

ROWS = (
    AuditRecord(1, 1, 1_000, "ada", "CreateExecution", "x", "order", "version 2", "r"),
    AuditRecord(1, 5, 2_000, "bob", "SendSignal", "x", "order", "paid ✓", "s", "web", "::1"),
    AuditRecord(4, 1, 2_000, "ada", "CreateExecution", "y", None, "", "t"),
    AuditRecord(4, 3, 3_000, "", "CancelExecution", None, "other", "o'clock", ""),
)
SOURCES = (
    "actor == 'ada'", "actor != 'ada'", "execution_id == null", "workflow == 'order' && command.startsWith('Send')",
    "at > timestamp('1970-01-01T00:00:01Z')", "about.contains('✓')", "about == \"o'clock\"", "correlation_id in ['r', 's']",
    "workflow != 'order'", "!(workflow == 'order')", "at < now",
    "channel == 'web' && address == '::1'", "address == null", "!(channel == 'web')",
)  # fmt: skip


@pytest.fixture(params=["sqlite", "sqlite of many partitions", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadModels]:
    """A store with the rows."""
    made: ReadModels
    if request.param == "postgres":
        made = models_in(request.getfixturevalue("postgres_url"), f"test-{secrets.token_hex(6)}", READ_MODELS, False)(1)
    else:
        made = SqliteReadModels(tmp_path / "rows.db", READ_MODELS, is_divided=request.param != "sqlite")
    changes = Changes()
    for row in ROWS:
        changes.put(AUDIT, row)
    made.save(["audit"], changes, Checkpoint(offset=9), 0, True)
    yield made
    made.close()


def test_a_filter_takes_the_same_rows_everywhere(models: ReadModels) -> None:
    for source in SOURCES:
        wanted = Wanted(filter=audit_filter(source, 2_500))
        assert set(models.select(audit_where(wanted))) == {row for row in ROWS if wanted.takes(row)}, source


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(actor="ada"),
        Wanted(execution="x"),
        Wanted(workflow="order"),
        Wanted(command="SendSignal"),
        Wanted(after=2_000),
        Wanted(before=2_000),
    ],
)
def test_what_is_wanted_is_the_same_everywhere(models: ReadModels, wanted: Wanted) -> None:
    found = models.select(audit_where(wanted))
    assert list(found) == sorted((row for row in ROWS if wanted.takes(row)), key=lambda row: (-row.at, -row.number, -row.version))


def test_pages_hold_each_row_once(models: ReadModels) -> None:
    seen, after = list[AuditRecord](), None
    while page := models.select(audit_where(Wanted(), after, 1)):
        seen += page
        after = AUDIT.cursor(page[-1], 1)
    assert seen == sorted(ROWS, key=lambda row: (-row.at, -row.number, -row.version))
