"""Where executions come from stands in their rows: the topmost execution, the trigger, the tags of the definition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.definitions import WorkflowDefinition
from domain.definition.compile import compile_definition
from domain.execution.state import Execution
from infra.store.sqlite import SqliteReadModels
from projections.execution_columns import execution_filter
from projections.executions import executions_where, origin_of, record_value
from projections.registry import READ_MODELS
from tests.workers.harness import Bench
from tests.workers.test_projector import projector


def calls(name: str, workflow: str) -> dict[str, Any]:
    return {"name": name, "tags": ["sales", "sales"], "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": workflow}}]}


def test_all_that_is_below_an_execution_names_it_as_its_root(tmp_path: Path) -> None:
    bench = Bench()
    bench.publish({"name": "leaf", "nodes": [{"id": "n", "type": "noop"}]}, calls("middle", "leaf"), calls("top", "middle"))
    top = bench.start("top")
    bench.move()
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    assert not projector(bench.log, models).step()
    found = {row.workflow: row for row in models.select(executions_where())}
    assert {name: row.root for name, row in found.items()} == {"top": None, "middle": top, "leaf": top}
    assert (found["middle"].parent, found["leaf"].parent) == (top, found["middle"].execution)
    assert (found["top"].tags, found["leaf"].tags) == ('["sales"]', None)
    below = models.select(executions_where(filter_=execution_filter(f"root == '{top}' && 'sales' in tags", 0)))
    assert [row.workflow for row in below] == ["middle"]
    assert [record_value(found[name])["duration_ms"] for name in ("top", "leaf")] == [0, 0]
    models.close()


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (None, (None, None)),
        (b'{"kind":"schedule","id":"nightly","due":1}', ("schedule", "nightly")),
        (b'{"type":"schedule","id":"nightly","due":"2026-01-01T00:00:00Z"}', ("schedule", "nightly")),
        (b'{"kind":"webhook","id":7}', ("webhook", None)),
        (b'{"id":"nightly"}', (None, None)),
        (b'{"kind":"a\\u0000b"}', ("a\ufffdb", None)),
        (b'["schedule"]', (None, None)),
        (b"@sha256:" + b"0" * 64 + b":70000", (None, None)),
    ],
)
def test_a_trigger_is_told_by_its_kind_and_its_id(trigger: bytes | None, expected: tuple[str | None, str | None]) -> None:
    graph = compile_definition(WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": "n", "type": "noop"}]}))
    origin = origin_of(Execution("x", trigger=trigger), graph)
    assert (origin.trigger_kind, origin.trigger_id) == expected
