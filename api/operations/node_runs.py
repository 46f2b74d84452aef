"""Operations that look across executions: at the runs of nodes, and at what waits."""

from __future__ import annotations

from typing import Final

from api import list_models
from api.operations.operation import Operation, Reply
from api.operations.page import CursorText, FilterText, Limit, page_of
from api.pages import read_cursor, read_filter
from api.service import Service
from projections.executions import but_tests
from projections.node_runs import NODE_RUNS as RUNS
from projections.node_runs import node_run_filter, node_run_value, node_runs_where
from projections.waits import WAITING as WAITS
from projections.waits import wait_filter, wait_value, waits_where


async def list_node_runs(service: Service, filter: FilterText = None, cursor: CursorText = None, limit: Limit = 50) -> Reply:
    """The nodes of all executions that have begun and not ended, and the runs that have failed."""
    query = node_runs_where(read_cursor(cursor, RUNS), limit + 1, read_filter(node_run_filter, filter, service.now()))
    return page_of("node_runs", await service.rows(but_tests(query, filter)), limit, node_run_value)


async def list_waiting(service: Service, filter: FilterText = None, cursor: CursorText = None, limit: Limit = 50) -> Reply:
    """Who waits for what, since when and until when: signals, timers, children, slots, people."""
    query = waits_where(read_cursor(cursor, WAITS), limit + 1, read_filter(wait_filter, filter, service.now()))
    return page_of("waiting", await service.rows(but_tests(query, filter)), limit, wait_value)


NODE_RUNS: Final = (
    Operation(
        method="GET", path="/v1/node-runs", right="read", do=list_node_runs, answer=list_models.NodeRunsPage, waits_for_position=True,
    ),
    Operation(
        method="GET", path="/v1/waiting", right="read", do=list_waiting, answer=list_models.WaitingPage, waits_for_position=True,
    ),
)  # fmt: skip
