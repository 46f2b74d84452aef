"""The lists of a data folder beside that of its executions: what a server would answer, from its rows and what they lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from contracts.errors import InvalidInput
from contracts.ports.read_models import Query, ReadModels
from infra.clock import SystemClock
from projections.executions import but_tests
from projections.filter import Filter, in_words
from projections.incidents import CAUSE, CAUSES_MAX, cause_value, incident_filter, incident_value, incidents_where, of_cause
from projections.node_runs import node_run_filter, node_run_value, node_runs_where
from projections.waits import wait_filter, wait_value, waits_where
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import Picked, Value

R = TypeVar("R", bound=tuple[Any, ...])
_ALL = 2**62


def read_filter(compiled: Callable[[str, int], Filter], source: str | None) -> Filter | None:
    """The filter of a list. Raises BadInput."""
    if source is None:
        return None
    try:
        return compiled(source, SystemClock().now())
    except InvalidInput as error:
        (found,) = error.problems
        raise BadInput(f"--filter, {in_words(found)}") from None


def node_runs(models: ReadModels, picked: Picked) -> list[Value]:
    """The runs of nodes that are open or have failed."""
    query = node_runs_where(None, picked.limit or _ALL, read_filter(node_run_filter, picked.filter))
    return _rows(models, but_tests(query, picked.filter), node_run_value)


def waiting(models: ReadModels, picked: Picked) -> list[Value]:
    """What executions wait for."""
    query = waits_where(None, picked.limit or _ALL, read_filter(wait_filter, picked.filter))
    return _rows(models, but_tests(query, picked.filter), wait_value)


def incidents(models: ReadModels, picked: Picked) -> list[Value]:
    """The open incidents."""
    query = incidents_where(True, None, picked.limit or _ALL, read_filter(incident_filter, picked.filter))
    return _rows(models, but_tests(query, picked.filter), lambda one: {**incident_value(one), "error": one.failure})


def causes(models: ReadModels, picked: Picked) -> list[Value]:
    """The open incidents by their cause."""
    query = incidents_where(True, limit=min(picked.limit or CAUSES_MAX, CAUSES_MAX), filter_=read_filter(incident_filter, picked.filter))
    query = but_tests(query, picked.filter)
    groups = models.groups(query, CAUSE)
    return [cause_value(group, next(iter(models.select(of_cause(group, query))), None)) for group in groups]


def _rows(models: ReadModels, query: Query[R], shown: Callable[[R], Value]) -> list[Value]:
    return [shown(row) for row in models.select(query)]
