"""From a start as a caller asks for it to the command that creates an execution, and back: whether two starts are the same."""

from __future__ import annotations

import hashlib

from api.service import Start
from contracts.commands import CreateExecution
from contracts.ids import make_key_id
from domain.execution.facts.execution import request_of
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.offload import offload


def key_id(workflow: str, key: str, partition: int | None = None) -> str:
    """The id of the execution that a workflow's idempotency key stands for: the same for ever, on any machine.

    With a `partition` the execution lives there, else wherever the checksum of the id says.
    """
    return make_key_id(hashlib.sha256(f"{workflow}/{key}".encode()).hexdigest()[:32], partition)


def creation(start: Start, version: int, definition: str) -> CreateExecution:
    """The command of a start, for a version of its workflow."""
    return CreateExecution(
        start.workflow,
        version,
        definition,
        start.input,
        start.variables,
        priority=start.priority,
        autostart=start.autostart,
        start_at=start.start_at,
    )


def is_repeated(name: str, start: Start, executions: Executions, catalog: Catalog) -> bool:
    """Whether this start was made before: by its key, or by the same request for any version of the workflow."""
    folded = executions.get(name)
    known = executions.ended.get(name) if folded is None else folded.state
    if known is None:
        return False
    if start.key is not None:
        return True
    commands = (creation(start, one.version, one.hash) for one in catalog.versions(start.workflow))
    return any(fingerprint(command) == known.request for command in commands)


class _Nowhere:
    """Blobs that are only named."""

    def put(self, content: bytes) -> str:
        return ""

    def get(self, content_hash: str) -> bytes:
        raise KeyError(content_hash)


def fingerprint(command: CreateExecution) -> bytes:
    """What an execution remembers of the start that made it: taken after big values have become references. Nothing is stored for it."""
    small = offload(command, _Nowhere())
    assert isinstance(small, CreateExecution)
    return request_of(small)
