"""What healing needs of the service that it stands on: what the API asks of it, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from api.execution_book import ExecutionBook
from api.service import Published, Start, Started
from api.what_if import Comparing
from contracts.caller import ENGINE, Caller
from contracts.catalog import SourceText
from contracts.definitions import WorkflowDefinition
from contracts.errors import Problem
from contracts.ports.read_models import Query
from contracts.resources import Resource
from domain.definition.graph import Graph
from domain.definition.outline import Activities
from projections.definitions import Version
from projections.executions import ExecutionRecord

T = TypeVar("T")


class Host(ExecutionBook, Comparing, Protocol):
    """See `api.service.Service`, which says the same."""

    strict_kinds: bool
    """Whether a kind that is not at hand is a problem."""

    @property
    def activities(self) -> Activities:
        """The activity kinds at hand."""

    @property
    def position(self) -> int:
        """After the last durable decision; 0 where no one number says it."""

    def now(self) -> int:
        """The time, in milliseconds since 1970."""

    async def be_current(self, position: int) -> None:
        """Wait until lists show all that had been decided then. Raises Unavailable."""

    async def find(self, query: Query[ExecutionRecord]) -> list[dict[str, Any]]:
        """The executions of a list."""

    async def know(self, workflow: str) -> None:
        """Look whether somebody else has published a workflow."""

    async def know_prompts(self) -> None:
        """The same of prompts."""

    def resolve(self, workflow: str, version: int = 0) -> tuple[int, str]:
        """Version (0: the active one) and content hash of a definition. Raises Rejected."""

    def versions(self, workflow: str) -> list[Version]:
        """All versions of a workflow."""

    def compiled(self, workflow: str, version: int) -> Graph | None:
        """A version of a workflow, compiled."""

    def pinned(self, definition: WorkflowDefinition) -> WorkflowDefinition:
        """The definition with the prompts that it names."""

    def taken(self, definition: WorkflowDefinition) -> list[Problem]:
        """What does not fit others."""

    async def prepare(self, workflow: str) -> None:
        """Publish one of the engine's own workflows."""

    async def publish(
        self, definition: WorkflowDefinition, activate: bool, source: SourceText | None = None, caller: Caller = ENGINE
    ) -> Published:
        """Publish a valid definition, with its text."""

    async def resources(self, kind: str) -> list[Resource]:
        """All resources of a kind."""

    async def write_resource(self, kind: str, name: str, value: bytes | None, caller: Caller, expected: int | None = None) -> Resource:
        """Let a resource be this."""

    async def start(self, start: Start, wait_s: float) -> Started:
        """Start an execution."""

    async def compute(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what takes long in the thread that reads."""
