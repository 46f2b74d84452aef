"""Acting on a data folder: an engine of this process holds it, records what is asked, and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from api.caller import new_correlation
from api.debugging import DEBUGGING, check_allowed, only_lets_go_on
from api.service import Start as StartRequest
from contracts import values
from contracts.caller import ANONYMOUS, Caller
from contracts.commands import TASK_COMMANDS, Command, EraseExecution
from contracts.debugging import Breakpoint
from contracts.errors import InvalidDefinition, Rejected
from domain.execution.decide.debugger import check_breakpoints
from domain.execution.history import Folded
from infra.server.engine import Engine
from infra.server.starts import is_repeated, key_id, name_of
from projections.definitions import versions_value
from projections.history import HistoryPresenter
from refold.cli.commands.archived import saying_where_archived
from refold.cli.commands.definition_file import Written
from refold.cli.commands.folder_letters import drop_letter, send_letter
from refold.cli.commands.interrupt import Interrupt
from refold.cli.commands.moving import Mover
from refold.cli.commands.progress import Progress
from refold.cli.commands.target import ENDED, Forking, Start, Stop, Value, Waiting
from workers.partition.catalog import versions_in
from workers.partition.round import Answer

if TYPE_CHECKING:
    from refold.cli.commands.folder import FolderTarget


class FolderSession:
    """An engine that holds a data folder. See `refold.cli.commands.target.Session`."""

    def __init__(self, target: FolderTarget, engine: Engine, progress: Progress, interrupt: Interrupt) -> None:
        self._target, self._engine, self._progress = target, engine, progress
        self._mover = Mover(engine, progress, interrupt)
        self._caller = Caller(ANONYMOUS, new_correlation())

    def publish(self, written: Written, activate: bool) -> Value:
        """See Session."""
        if problems := self._engine.catalog.problems(written.definition):
            raise InvalidDefinition(problems)
        return self._engine.publish(written.definition, activate, written.source, self._caller)._asdict()

    def activate(self, workflow: str, version: int) -> Value:
        """See Session."""
        catalog, before = self._engine.catalog, self._engine.catalog.active(workflow)
        return catalog.activate(workflow, version, self._caller)._replace(before=before)._asdict()

    def archive(self, workflow: str) -> list[Value]:
        """See Session."""
        catalog = self._engine.catalog
        catalog.archive(workflow, self._caller)
        return versions_value(versions_in(catalog, workflow))

    def send_letter(self, letter: int, reason: str) -> Value:
        """See Session."""
        return send_letter(self._engine, self._engine.catalog.log, letter, reason, self._caller)

    def drop_letter(self, letter: int, reason: str) -> Value:
        """See Session."""
        return drop_letter(self._engine, self._engine.catalog.log, letter, reason, self._caller)

    def start(self, start: Start) -> Value:
        """See Session."""
        name = key_id(start.workflow, start.key) if start.key else start.execution or self._engine.new_execution_id()
        self._mover.mean(name)
        if not self._is_repeated(name, start):
            answers: list[Answer] = []
            self._engine.start(
                start.workflow, start.input, execution=name, variables=start.variables, reply=answers.append, caller=self._caller,
                breakpoints=self._checked(start),
            )  # fmt: skip
            self._engine.wait_for(answers)
        else:
            self._tell_so_far(name)
        state = self.state(name)
        return {field: state[field] for field in ("execution_id", "version", "status")}

    def _checked(self, start: Start) -> tuple[Breakpoint, ...]:
        """The breakpoints of a start. Raises InvalidInput for those that cannot hold, Rejected where nothing is debugged here."""
        if start.breakpoints:
            check_allowed(self._target.settings.debugger)
            catalog = self._engine.catalog
            check_breakpoints(catalog.graph(catalog.resolve(start.workflow)[1]), start.breakpoints)
        return start.breakpoints

    def _is_repeated(self, name: str, start: Start) -> bool:
        packed = None if start.variables is None else values.encode(start.variables)
        given = values.encode({} if start.input is None else start.input)
        request = StartRequest(start.workflow, given, packed, start.execution, start.key)
        return is_repeated(name, request, self._engine.owner.executions, self._engine.catalog, self._engine.sealing)

    def _tell_so_far(self, name: str) -> None:
        """To whoever wants every event: those that were before."""
        from refold.cli.commands.folder_reading import entries_at

        if self._progress.is_whole:
            presenter = HistoryPresenter()
            with self._target.reader() as reader:
                for entry in entries_at(reader, name):
                    self._progress.note(name, presenter.present(entry.decision))

    def fork(self, wanted: Forking) -> Value:
        """See Session."""
        from refold.cli.commands.folder_forks import forked

        with self._target.reader() as reader, saying_where_archived(self._target.settings):
            made = forked(reader, self._engine.catalog, wanted)
        request = StartRequest(made.creation.workflow, execution=wanted.own_id, key=wanted.key, fork=made.creation)
        name = name_of(request, self._engine.new_execution_id)
        self._mover.mean(name)
        if not is_repeated(name, request, self._engine.owner.executions, self._engine.catalog, self._engine.sealing):
            self._engine.ask(name, made.creation, self._caller)
        return {"execution_id": name, "source": wanted.execution, "at": made.at, "children": made.forked, "new_calls": made.called}

    def give(self, execution: str, command: Command) -> None:
        """See Session."""
        known = self._engine.owner.executions
        if known.get(execution) is None and execution not in known.ended and execution not in known.unreadable:
            raise Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)
        if isinstance(command, DEBUGGING) and not only_lets_go_on(command):
            check_allowed(self._target.settings.debugger)
        self._mover.mean(execution)
        given = replace(command, by=self._caller.actor) if isinstance(command, EraseExecution) else command
        caller = self._caller._replace(actor=command.by.name) if isinstance(command, TASK_COMMANDS) else self._caller
        if isinstance(command, DEBUGGING) and command.by:
            caller = caller._replace(actor=command.by)
        self._engine.ask(execution, given, caller)

    def follow(self, execution: str, timeout_s: float | None, patient: bool) -> Stop:
        """See Session."""
        if self._folded(execution) is None:
            return "ended"

        def has_ended() -> bool:
            last = self._mover.last
            return last is not None and last.state.status in ENDED

        return self._mover.move(has_ended, timeout_s, lambda: patient and not self._needs_a_person())

    def _needs_a_person(self) -> bool:
        return any(item["for"] in ("incident", "task", "halt") for items in self._mover.waiting().values() for item in items)

    def state(self, execution: str) -> Value:
        """See Session."""
        from refold.cli.commands.folder_reading import folded_at, shown

        with self._target.reader() as reader:
            return shown(reader, self._folded(execution) or folded_at(reader, execution))

    def _folded(self, execution: str) -> Folded | None:
        """The execution, if it is open or has ended just now."""
        last = self._mover.last
        if last is not None and last.state.execution == execution:
            return last
        return self._engine.owner.executions.get(execution)

    def debugger(self, execution: str) -> Value:
        """See Session."""
        from refold.cli.commands.folder_reading import debugged, folded_at

        with self._target.reader() as reader:
            found = debugged(reader, self._folded(execution) or folded_at(reader, execution))
        return {**found, "may_change": self._target.settings.debugger}

    def waiting(self, execution: str) -> Waiting:
        """See Session."""
        return self._mover.waiting()
