"""A data folder as a target: looked at beside whoever holds it, and held by an engine of its own to act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition, Problem
from contracts.ports.read_models import ReadModels
from contracts.times import rfc3339
from domain.definition.absent_check import missing_workflows
from domain.definition.connectors_in_use import connector_problems
from domain.definition.names_check import doubtful_names
from domain.definition.prompts_in_use import prompt_problems
from domain.definition.schema import all_schemas
from domain.definition.validate import publishable
from domain.execution.history import Folded, version_at
from domain.replay.why import why as explained
from infra.clock import SystemClock
from infra.server.garbage import look_rarely
from infra.server.reader_wiring import Reader, open_reader, open_rows_apart
from infra.settings.model import EngineSettings
from projections.definitions import Version, active_of, difference_value, source_of, version_in, version_value, versions_value
from projections.execution_list import ExecutionList
from projections.history import HistoryPresenter
from projections.incidents import node_of
from projections.registry import named
from projections.spans import spans_of, trace_value
from projections.waiting import waiting_for
from projections.why import why_value
from refold.cli.commands import folder_lists, folder_reading, folder_tests
from refold.cli.commands.archived import saying_where_archived
from refold.cli.commands.definition_file import Activities, Written, document_in, placed, told_of, written_in
from refold.cli.commands.folder_analytics import analytics_of
from refold.cli.commands.folder_costs import costs_of
from refold.cli.commands.folder_reading import all_entries, entries_at, folded_at, folded_to, shown
from refold.cli.commands.folder_rows import rows_of
from refold.cli.commands.interrupt import Interrupt
from refold.cli.commands.output import BadInput, hint
from refold.cli.commands.progress import Progress
from refold.cli.commands.rebuilding import read_models_of, rebuild_of
from refold.cli.commands.target import (
    ALL,
    INCIDENT,
    Analysed,
    AuditWanted,
    CostsWanted,
    Done,
    Finding,
    Followed,
    Moment,
    Picked,
    Session,
    Value,
    Wanted,
)
from refold.worker.logs import writing_logs
from workers.partition.catalog import versions_in

if TYPE_CHECKING:
    from infra.server.engine import Engine


class FolderTarget:
    """A data folder. See `refold.cli.commands.target.Target`."""

    def __init__(self, settings: EngineSettings, options: Sequence[str] = (), engine_options: Sequence[str] = (), log: str = "") -> None:
        """`log` says where it was given, where the settings name one."""
        assert settings.data is not None
        self.settings = settings
        self.data: Path = settings.data
        self.options = options
        self.engine_options = engine_options
        self._log = log
        self.looks_back = ("history", "show", "verify")

    @property
    def name(self) -> str:
        """See Place."""
        return str(self.data)

    def stays_open(self, execution: str) -> str:
        """See Place."""
        return f"stays open: {hint('continue', self.options, self.engine_options)}"

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """What reads the folder, whoever holds it. Raises LogError where there is none."""
        self.check_place()
        with open_reader(self.settings) as reader:
            yield reader

    def check_place(self) -> None:
        """Raise BadInput where the executions are elsewhere than in the folder."""
        if self.settings.log is not None:
            where = f"a log that servers share ({self._log})"
            raise BadInput(f"the executions are in {where}: ask one of them with --server URL, or give --data DIR")

    # Look.

    def executions(self, wanted: Wanted) -> list[Value]:
        """See Place."""
        with self.reader() as reader:
            return rows_of(reader, self.settings, wanted)

    def state(self, execution: str, at: int | None, time: datetime | None = None) -> Value:
        """See Place."""
        with self.reader() as reader, saying_where_archived(self.settings):
            if time is not None:
                at = version_at(entries_at(reader, execution), round(time.timestamp() * 1000))
            return shown(reader, folded_at(reader, execution) if at is None else folded_to(reader, execution, at))

    def history(self, execution: str) -> Iterable[Value]:
        """See Place."""
        presenter = HistoryPresenter()
        with self.reader() as reader, saying_where_archived(self.settings):
            for entry in entries_at(reader, execution):
                yield from (event.as_value() for event in presenter.present(entry.decision))

    def recorded_test(self, execution: str, file: str | None) -> Value:
        """See Place."""
        with self.reader() as reader:
            return folder_tests.recorded(reader, entries_at(reader, execution), execution, file)

    def trace(self, execution: str) -> Value:
        """See Place."""
        with self.reader() as reader, saying_where_archived(self.settings):
            return trace_value(spans_of(entries_at(reader, execution), reader.catalog.graph))

    def why(self, execution: str, node: str, at: int | None) -> Value:
        """See Place."""
        with self.reader() as reader, saying_where_archived(self.settings):
            entries = entries_at(reader, execution)
            return why_value(explained(lambda: entries, reader.catalog.graph, reader.blobs.get, node, at))

    def diff(self, one: Moment, other: Moment) -> Value:
        """See Place."""
        with self.reader() as reader, saying_where_archived(self.settings):
            return folder_reading.difference(reader, one, other)

    def follow(self, followed: Followed) -> Iterator[tuple[str, Value]]:
        """See Place."""
        from refold.cli.commands.folder_follow import follow

        with self.reader() as reader, saying_where_archived(self.settings):
            yield from follow(reader, followed, self.settings.event_source)

    def incidents(self, picked: Picked = ALL) -> list[Value]:
        """Those of a journal that is damaged in places, too, as long as nothing of their rows is asked for. See Place."""
        if picked == ALL:
            return sorted((one for folded in self._open() for one in _incidents(folded)), key=lambda one: str(one["raised_at"]))
        return [{name: incident[name] for name in INCIDENT} for incident in self._listed(folder_lists.incidents, picked)]

    def causes(self, picked: Picked) -> list[Value]:
        """See Place."""
        return self._listed(folder_lists.causes, picked)

    def node_runs(self, picked: Picked) -> list[Value]:
        """See Place."""
        return self._listed(folder_lists.node_runs, picked)

    def waiting(self, picked: Picked) -> list[Value]:
        """See Place."""
        return self._listed(folder_lists.waiting, picked)

    def _listed(self, list_of: Callable[[ReadModels, Picked], list[Value]], picked: Picked) -> list[Value]:
        with self.reader() as reader, open_rows_apart(self.settings, reader) as models:
            return list_of(models, picked)

    def workflows(self) -> list[Value]:
        """See Place."""
        with self.reader() as reader:
            names = reader.catalog.names()
            return [version_value(active_of(versions_in(reader.catalog, name))) for name in names]

    def versions(self, workflow: str) -> list[Value]:
        """See Place."""
        return versions_value(self._versions(workflow))

    def source(self, workflow: str, version: int | None) -> bytes:
        """See Place."""
        versions = self._versions(workflow)
        return source_of(active_of(versions) if version is None else version_in(versions, version)).text

    def difference(self, workflow: str, before: int, after: int) -> Value:
        """See Place."""
        versions = self._versions(workflow)
        return difference_value(version_in(versions, before), version_in(versions, after))

    def _versions(self, workflow: str) -> list[Version]:
        with self.reader() as reader:
            return versions_in(reader.catalog, workflow)

    def audit(self, wanted: AuditWanted) -> list[Value]:
        """See Place."""
        from infra.server.credential_wiring import credential_store
        from refold.cli.commands.folder_audit import audit_in

        with self.reader() as reader, closing(credential_store(self.settings, SystemClock())) as credentials:
            return audit_in(reader, wanted, credentials)

    def cached_results(self, kind: str | None, workflow: str | None, limit: int) -> Value:
        """See Place."""
        from refold.cli.commands.folder_cache import results_in

        return results_in(self.data, kind, workflow, limit)

    def invalidate(self, kind: str | None, workflow: str | None, key: str | None, older_than: str | None, all: bool) -> Value:
        """See Place."""
        from refold.cli.commands.folder_cache import invalidate_in

        return invalidate_in(self.data, kind, workflow, key, older_than)

    def warm(self, workflow: str, limit: int) -> Value:
        """See Place."""
        from refold.cli.commands.folder_cache import warm_in

        with self.reader() as reader:
            return warm_in(self.data, reader, workflow, limit)

    def dead_letters(self, state: str, topic: str | None, limit: int) -> Value:
        """See Place."""
        from refold.cli.commands.folder_letters import letters_at

        with self.reader() as reader:
            return letters_at(reader.log, SystemClock(), state, topic, limit)

    def dead_letter(self, letter: int) -> Value:
        """See Place."""
        from refold.cli.commands.folder_letters import letter_at

        with self.reader() as reader:
            return letter_at(reader.log, SystemClock(), letter)

    def views(self) -> list[Value]:
        """See Place."""
        from refold.cli.commands import folder_views

        with self.reader() as reader:
            return [folder_views.shown(one) for one in reader.resources.all(folder_views.KIND)]

    def view(self, name: str) -> Value:
        """See Place."""
        from refold.cli.commands import folder_views

        with self.reader() as reader:
            return folder_views.value_of(reader.resources.get(folder_views.KIND, name))

    def write_view(self, name: str, value: Value | None) -> Value:
        """See Place."""
        from refold.cli.commands import folder_views

        self.check_place()
        return folder_views.write(self.settings, name, value)

    def workflow_names(self) -> list[str]:
        """See Place."""
        with self.reader() as reader:
            return list(reader.catalog.names())

    def workers(self) -> Value:
        """Who is there knows only a server. What waits is what this program has no kind for: nobody here can run it."""
        known = self.activities()
        counts = Counter(target for one in self._open() for target in _activities(one) if target[0] not in known)
        return {"workers": [], "waiting": [{"kind": kind, "queue": queue, "count": counts[kind, queue]} for kind, queue in sorted(counts)]}

    def cluster(self) -> Value:
        """See Place."""
        raise BadInput(f"{self.data} is a data folder, which knows of no processes; ask a server: --server URL, or REFOLD_SERVER")

    def _open(self) -> list[Folded]:
        with self.reader() as reader:
            return ExecutionList(reader.catalog.graph).take(all_entries(reader)).open()

    def analytics(self, wanted: Analysed) -> list[Value]:
        """See Place. Rows that nobody keeps up are brought up to date before."""
        with self.reader():
            pass
        return analytics_of(self.settings, wanted)

    def costs(self, wanted: CostsWanted) -> list[Value]:
        """See Place. Rows that nobody keeps up are brought up to date before."""
        with self.reader():
            pass
        return costs_of(self.settings, wanted)

    def read_models(self) -> list[Value]:
        """See Place."""
        with self.reader() as reader:
            return read_models_of(reader, self.settings)

    def rebuild(self, name: str) -> Iterator[Done]:
        """See Place. The folder is held for so long: a server on it makes them anew itself."""
        with self.reader():
            pass
        return rebuild_of(self.settings, named(name) or ())

    def node_kinds(self) -> list[Value]:
        """See Place."""
        from infra.server.wiring import activity_kinds, described_kinds

        return described_kinds(activity_kinds(self.settings))

    def schemas(self) -> Value:
        """See Place."""
        return dict(all_schemas(self.activities()))

    def checks(self) -> Iterator[Finding]:
        """See Place."""
        from refold.cli.commands.folder_checks import checks

        return checks(self)

    # Define and act.

    def activities(self) -> Activities:
        """The activity kinds at hand, with the models of their configs."""
        from infra.server.wiring import activity_kinds

        return {name: kind.Config for name, kind in activity_kinds(self.settings).items()}

    def read(self, file: Path) -> Written:
        """The valid definition in a file; see Place."""
        written = written_in(file)
        with told_of(file):
            return written._replace(definition=publishable(written.definition, self.activities()))

    def validate(self, file: Path, kinds: frozenset[str]) -> tuple[str, list[Problem], list[Problem]]:
        """See Place."""
        document = document_in(file)
        try:
            with told_of(file):
                definition = publishable(document, {**dict.fromkeys(kinds), **self.activities()})
        except InvalidDefinition as error:
            return "", error.problems, []
        warnings = missing_workflows(definition, self._published()) + doubtful_names(definition)
        return definition.name, placed(self._named_problems(definition), file), placed(warnings, file)

    def _named_problems(self, definition: WorkflowDefinition) -> list[Problem]:
        if not self.data.exists():
            missing = prompt_problems(definition, lambda name, version: None, [])
            return [*missing, *connector_problems(definition, lambda name, version: None, [])]
        with self.reader() as reader:
            return reader.catalog.problems(definition)

    def _published(self) -> list[str]:
        return self.workflow_names() if self.data.exists() else []

    @contextmanager
    def act(self, progress: Progress, interrupt: Interrupt, must_exist: bool = False) -> Iterator[Session]:
        """See Place."""
        from refold.cli.commands.folder_session import FolderSession

        with self.engine(must_exist) as engine:
            yield FolderSession(self, engine, progress, interrupt)

    @contextmanager
    def engine(self, must_exist: bool = False) -> Iterator[Engine]:
        """An engine that holds the folder. With `must_exist` a missing folder is refused instead of made."""
        from infra.server.wiring import open_engine  # a tenth of a second that only who acts has to wait

        self.check_place()
        if must_exist:
            with self.reader():
                pass
        look_rarely()
        with writing_logs(self.settings.log_format), open_engine(self.settings) as engine:
            yield engine


def _incidents(folded: Folded) -> Iterator[Value]:
    state = folded.state
    for incident in state.incidents.values():
        yield {
            "execution_id": state.execution,
            "incident": incident.incident,
            "workflow": state.workflow,
            "path": incident.path,
            "node": node_of(folded, incident.path),
            "raised_at": rfc3339(incident.raised_at),
            "error": incident.failure.as_value(),
        }


def _activities(folded: Folded) -> Iterator[tuple[str, str]]:
    """Kind and queue of each activity that the execution waits for."""
    state, graph = folded.state, folded.graph
    for item in waiting_for(state, graph):
        if item["for"] == "activity":
            node: Any = graph.nodes[state.runs[item["path"]].node]
            yield item["kind"], node.definition.queue or "default"
