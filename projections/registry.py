"""All read models: a new one is a file in this folder, and its line here."""

from __future__ import annotations

from typing import Any, Final

from contracts.ports.read_models import Table
from projections import analytics, audit, costs, executions, incidents, node_runs, search, tasks, waits
from projections.read_model import ReadModel

READ_MODELS: Final[tuple[ReadModel, ...]] = (
    executions.READ_MODEL,
    incidents.READ_MODEL,
    search.READ_MODEL,
    audit.READ_MODEL,
    node_runs.READ_MODEL,
    waits.READ_MODEL,
    tasks.READ_MODEL,
    analytics.READ_MODEL,
    costs.READ_MODEL,
)
MODEL_OF: Final[dict[Table[Any], ReadModel]] = {table: model for model in READ_MODELS for table in model.tables}
"""The read model that a table is of."""


def named(name: str) -> list[str] | None:
    """The names of the read models that are meant: one, or `all` whose rows the journal gives again; None where there is none."""
    if name == "all":
        return [model.name for model in READ_MODELS if not model.outlives_journal]
    return [name] if name in [model.name for model in READ_MODELS] else None
