"""All that one may ask of a server. A new operation is a file here, or a function in one, and its line in a tuple."""

from __future__ import annotations

from typing import Final

from api.operations.analytics import ANALYTICS_OPERATIONS
from api.operations.archive import ARCHIVE_OPERATIONS
from api.operations.audit import AUDIT
from api.operations.backups import BACKUPS
from api.operations.breakers import BREAKER_OPERATIONS
from api.operations.bulk import BULKS
from api.operations.cached_results import CACHED_RESULTS
from api.operations.commands import COMMANDS
from api.operations.connectors import CONNECTORS
from api.operations.costs import COST_OPERATIONS
from api.operations.coverage import COVERAGE
from api.operations.credentials import CREDENTIALS
from api.operations.dead_letters import DEAD_LETTERS
from api.operations.debugger import DEBUGGER
from api.operations.definitions import DEFINITIONS
from api.operations.dependencies import DEPENDENCY_OPERATIONS
from api.operations.differences import DIFFERENCES
from api.operations.drafts import DRAFTS
from api.operations.executions import EXECUTIONS
from api.operations.expressions import EXPRESSIONS
from api.operations.forks import FORKS
from api.operations.heals import HEALS
from api.operations.hook_deliveries import HOOK_DELIVERIES
from api.operations.incidents import INCIDENTS
from api.operations.migrations import MIGRATIONS
from api.operations.node_runs import NODE_RUNS
from api.operations.operation import Operation
from api.operations.prompts import PROMPTS
from api.operations.read_models import READ_MODEL_OPERATIONS
from api.operations.resources import RESOURCES
from api.operations.server import SERVER
from api.operations.starts import STARTS
from api.operations.streams import STREAMS
from api.operations.tasks import TASKS
from api.operations.templates import TEMPLATES
from api.operations.test_runs import TEST_RUNS
from api.operations.traces import TRACES
from api.operations.triggers import TRIGGER_OPERATIONS
from api.operations.values import VALUES
from api.operations.webhooks import WEBHOOKS
from api.operations.what_if import WHAT_IF
from api.operations.whys import WHYS
from api.operations.workers import WORKER_OPERATIONS

OPERATIONS: Final[tuple[Operation, ...]] = (
    *DEFINITIONS,
    *STARTS,
    *EXECUTIONS,
    *INCIDENTS,
    *TRACES,
    *WHYS,
    *DIFFERENCES,
    *VALUES,
    *NODE_RUNS,
    *COMMANDS,
    *TEST_RUNS,
    *FORKS,
    *HEALS,
    *DEBUGGER,
    *WHAT_IF,
    *MIGRATIONS,
    *COVERAGE,
    *TASKS,
    *DEAD_LETTERS,
    *AUDIT,
    *CACHED_RESULTS,
    *BULKS,
    *RESOURCES,
    *DRAFTS,
    *TEMPLATES,
    *PROMPTS,
    *CONNECTORS,
    *BREAKER_OPERATIONS,
    *TRIGGER_OPERATIONS,
    *DEPENDENCY_OPERATIONS,
    *HOOK_DELIVERIES,
    *WEBHOOKS,
    *CREDENTIALS,
    *STREAMS,
    *ANALYTICS_OPERATIONS,
    *COST_OPERATIONS,
    *READ_MODEL_OPERATIONS,
    *ARCHIVE_OPERATIONS,
    *EXPRESSIONS,
    *SERVER,
    *BACKUPS,
    *WORKER_OPERATIONS,
)
"""In the order in which routes are tried, and the document tells of them."""


def offered(is_open: bool, gives_tasks: bool) -> list[Operation]:
    """Those that a server has: one that is not open tells of itself alone, one that gives no tasks knows no workers."""
    kinds = {"always", *(["open"] if is_open else []), *(["tasks"] if gives_tasks else [])}
    return [one for one in OPERATIONS if one.offered in kinds]
