"""The definition that an execution goes by: a published version, or what a test run carries with it."""

from __future__ import annotations

from api.test_start import Executed
from contracts.commands import CreateExecution
from contracts.errors import Rejected
from domain.definition.unpublished import content_of
from workers.reading.execution_reader import ExecutionReader


def executed_definition(reader: ExecutionReader, execution: str) -> Executed:
    """The definition of an execution. Raises Rejected where it is not known any more: the execution was erased."""
    record = reader.record(execution)
    command = next(iter(reader.at([record.number]))).decision.command
    if not isinstance(command, CreateExecution):
        said = f"execution {execution} was erased: which definition it went by is not known any more"
        raise Rejected("erased", said, execution=execution)
    if record.version != command.version:  # its definition was changed since
        published = reader.version(record.workflow, record.version)
        return Executed(record.workflow, record.version, published.hash, True, published.content)
    carried = b"" if command.test is None else command.test.definition
    content = content_of(carried) if carried else reader.published(command.definition).content
    return Executed(command.workflow, command.version, command.definition, not carried, content)
