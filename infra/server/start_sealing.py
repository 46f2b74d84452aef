"""Sealing what is given: of a start, and of the answer to a task, the texts that a schema marks as secret, before it is a command.

    as it was asked ─► held to its schema, in plain ─► secret texts sealed for the execution ─► the command that is stored

Whatever else the request says, such as what its trigger saw, holds them no longer either.
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec.structs import replace

from api.service import Start
from contracts import values
from contracts.commands import AnswerTask, CreateExecution
from contracts.errors import NoCredential
from contracts.ids import root_of
from contracts.pins import Plan
from contracts.sealed_value import without
from domain.definition.canonical import load_canonical
from domain.definition.input_schema import check
from domain.definition.inputs import taken_input
from domain.definition.secret_places import MARKS, secret_places
from domain.definition.unpublished import content_of
from domain.execution.history import graph_for, graph_of_state
from domain.execution.state import Execution
from workers.partition.catalog import Catalog


class Sealer(Protocol):
    """What seals texts; see `infra.credentials.sealed_values`."""

    @property
    def is_ready(self) -> bool:
        """Whether `seal` waits for nothing."""

    def load(self) -> None:
        """Make it so."""

    def seal(self, text: str, execution: str) -> str:
        """The text, to be opened for an execution and those below it."""


class NoSealer:
    """Where no credentials are kept."""

    is_ready = True

    def load(self) -> None:
        """See Sealer."""

    def seal(self, text: str, execution: str) -> str:
        """See Sealer."""
        raise NoCredential("for values marked secret", "no credentials are kept here")


def _may_have(plan: Plan, catalog: Catalog, start: Start) -> bool:
    """Whether the input of a test run may hold secrets."""
    if not plan.definition:
        return catalog.has_secrets(start.workflow)
    content = content_of(plan.definition)
    return any(mark.encode() in content for mark in MARKS)


class Sealing:
    """Seals starts and answers."""

    def __init__(self, catalog: Catalog, sealer: Sealer) -> None:
        self._catalog, self.sealer = catalog, sealer

    def is_ready(self, start: Start) -> bool:
        """Whether the start can be sealed without waiting; most have nothing to be sealed."""
        has_secrets = self._catalog.has_secrets(start.workflow) if start.test is None else _may_have(start.test.plan, self._catalog, start)
        return self.sealer.is_ready or not (start.secrets or has_secrets)

    def sealed(self, execution: str, command: CreateExecution, said: tuple[str, ...] = ()) -> CreateExecution:
        """The command as it may be stored; `said` are texts that are known to be secret already.

        Raises InvalidInput where the input does not fit its schema, NoCredential, LogError where nothing can be sealed.
        """
        carried = b"" if command.test is None else command.test.definition
        places = secret_places(load_canonical(content_of(carried)).input) if carried else self._catalog.secrets(command.definition)
        if places is None and not said:
            return command
        secrets = dict.fromkeys(said)

        def seal(text: str) -> str:
            secrets[text] = None
            return self.sealer.seal(text, root_of(execution))

        given = command.input
        if places is not None:
            taken_input(graph_for(command.definition, command.test, self._catalog.graph), values.decode(given), len(given))
            given = places.sealed(given, seal)
        said_elsewhere = [given, command.variables, command.trigger]
        given_, variables, trigger = [one and without(one, tuple(secrets), seal) for one in said_elsewhere]
        return replace(command, input=given_ or given, variables=variables, trigger=trigger)

    def sealed_answer(self, execution: str, form: Any, data: bytes) -> bytes:
        """The data of an answer to a task with this form, as they may be stored. Raises as `sealed` does."""
        places = secret_places(form)
        if places is None:
            return data
        check(form, values.decode(data), len(data))
        return places.sealed(data, lambda text: self.sealer.seal(text, root_of(execution)))

    def sealed_of(self, state: Execution, command: AnswerTask) -> AnswerTask:
        """The answer to a task of an execution, as it may be stored. Raises as `sealed` does."""
        run = state.runs.get(command.path)
        if run is None or command.data is None:
            return command
        form = getattr(graph_of_state(state, self._catalog.graph).nodes[run.node].config, "form", None)
        return replace(command, data=self.sealed_answer(state.execution, form, command.data))
