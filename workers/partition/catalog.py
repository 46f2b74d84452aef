"""The catalog of definitions: what is published, which version is active, and each version compiled once.

It is folded from the `definitions` topic; publishing appends there. An unchanged definition publishes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from contracts import codec
from contracts.caller import ENGINE, Caller
from contracts.catalog import (
    CatalogRecord,
    ConnectorPublished,
    DefinitionActivated,
    DefinitionArchived,
    DefinitionPublished,
    DefinitionSource,
    PromptPublished,
    SourceText,
    read_catalog_record,
)
from contracts.connectors import CONNECTORS_BYTES_MAX, CONNECTORS_MAX
from contracts.definitions import LANGUAGE, WorkflowDefinition
from contracts.errors import LogCorrupt, LogError, Problem, RefoldError, Rejected, UnknownRecord
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.prompts import PROMPT_BYTES_MAX, PROMPTS_MAX
from domain.definition.canonical import canonical, content_hash, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.connectors_in_use import connector_problems, with_connectors
from domain.definition.graph import Graph
from domain.definition.prompts_in_use import prompt_problems, with_pins
from domain.definition.secret_places import MARKS, SecretPlaces, secret_places
from projections.audit import AuditRecord, definition_act
from projections.definitions import Version, version_of
from workers.partition.graphs import Graphs
from workers.partition.kept import Kept
from workers.partition.trigger_sections import TriggerSections


class _Limits(msgspec.Struct, frozen=True):
    """Of the settings of a definition, whether its executions are counted, and whether they wait for others."""

    concurrency: Any = None
    quota: Any = None
    while_paused: Any = "start"
    after: Any = None


class _Settings(msgspec.Struct, frozen=True):
    settings: _Limits = _Limits()


_settings: Final = msgspec.json.Decoder(_Settings)


PASSED_OVER_MAX: Final = 1_000
PassedOver: TypeAlias = Callable[[int, bytes, RefoldError], None]
"""Called with offset and content of a record that is of no use here, and why: UnknownRecord for one of a newer version."""


class Published(NamedTuple):
    """What publishing answers; `created` is False where the same content was there already.

    `before` is the version that executions started with until then, None where there was none.
    """

    name: str
    version: int
    hash: str
    status: str
    created: bool
    before: int | None = None


class Catalog:
    """Definitions by name and version, and compiled by hash. Reads on when somebody else may have published."""

    def __init__(self, log: Log, clock: Clock, is_followed: bool = False, retention_ms: int = 0, retention_of_tests_ms: int = 0) -> None:
        """Of one that is followed records come by `take`: it reads nothing by itself where it is asked, as who asks there must not wait.

        `retention_ms` is how long executions are kept that have ended, where their definition does not say, `retention_of_tests_ms` how
        long test runs are; 0 for ever.
        """
        self.retention_ms, self.retention_of_tests_ms = retention_ms, retention_of_tests_ms
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._offset = 0
        self._versions: dict[str, list[DefinitionPublished]] = {}
        self._by_hash: dict[str, DefinitionPublished] = {}
        self._sources: dict[str, SourceText] = {}
        self.prompts = Kept("prompt", PromptPublished, PROMPTS_MAX, PROMPTS_MAX * PROMPT_BYTES_MAX)
        self.connectors = Kept("connector", ConnectorPublished, CONNECTORS_MAX, CONNECTORS_BYTES_MAX)
        self._active: dict[str, int] = {}
        self.acts: list[AuditRecord] = []
        """Who has published, activated and archived what, the first one first."""
        self._graphs: Graphs | dict[str, Graph] = Graphs()
        self._secrets: dict[str, SecretPlaces | None] = {}
        self._with_secrets: dict[str, tuple[int, bool]] = {}
        self._passed_over: list[tuple[int, bytes, RefoldError]] = []
        self._told: PassedOver | None = None
        self._counted: dict[str, tuple[int, frozenset[bool]]] = {}
        self._dependents: dict[str, tuple[int, bool]] = {}
        self._is_followed = is_followed
        self._hearers: list[Callable[[], None]] = []
        self.triggers = TriggerSections()
        """The triggers of all active versions."""
        self.read_on()

    def read_on(self) -> None:
        """Fold what has been appended since. May be called from any thread; while one reads, the others go on."""
        for offset, content in self._log.read("definitions", 0, self._offset):
            self.take(offset, content)

    def hear(self, then: Callable[[], None]) -> None:
        """Call back whenever something is published, activated or archived from now on; in whichever thread reads of it."""
        self._hearers.append(then)

    def _look(self) -> None:
        """Somebody asks for what is not known: read on, unless it is followed."""
        if not self._is_followed:
            self.read_on()

    def knows(self, workflow: str) -> bool:
        """Whether any version of a workflow is known."""
        return workflow in self._versions

    def has(self, definition_hash: str) -> bool:
        """Whether the definition of a hash is known."""
        return definition_hash in self._by_hash

    def published(self, definition_hash: str) -> DefinitionPublished:
        """The definition of a hash, as it was published. Raises KeyError where it is not known."""
        return self._by_hash[definition_hash]

    @property
    def log(self) -> Log:
        """The log that it is in, to be used in the thread that publishes."""
        return self._log

    @property
    def offset(self) -> int:
        """Up to where it has read."""
        return self._offset

    def take(self, offset: int, content: bytes) -> None:
        """Fold the next record, that may have been read elsewhere; one that is known already is passed over.

        What is no record of a definition, or of a newer version, is of no use here and stands in nobody's way.
        """
        with self._lock:
            if offset != self._offset:
                return
            self._offset = offset + 1
            try:
                record = read_catalog_record(content)
                self._check(record)
            except (UnknownRecord, LogCorrupt) as error:
                self._passed_over.append((offset, content, error))
                del self._passed_over[:-PASSED_OVER_MAX]
            else:
                self._apply(record)
                for then in self._hearers:
                    then()
                return
        self._tell_passed_over()

    def _check(self, record: CatalogRecord) -> None:
        """Raise LogCorrupt where it speaks of what is not there."""
        if isinstance(record, DefinitionPublished | PromptPublished | ConnectorPublished):
            return
        if record.name not in self._versions:
            raise LogCorrupt(f"it speaks of workflow {record.name[:200]}, which is not published")
        if isinstance(record, DefinitionActivated) and not 0 < record.version <= len(self._versions[record.name]):
            raise LogCorrupt(f"it speaks of version {record.version} of workflow {record.name[:200]}, which is not published")
        if isinstance(record, DefinitionSource) and record.hash not in self._by_hash:
            raise LogCorrupt(f"it is the text of a version of workflow {record.name[:200]} that is not published: {record.hash[:64]}")

    def hear_of_passed_over(self, told: PassedOver) -> None:
        """From now on tell of records that are passed over, those included that already were; called from any thread."""
        self._told = told
        self._tell_passed_over()

    def _tell_passed_over(self) -> None:
        if self._told is not None:
            passed_over, self._passed_over = self._passed_over, []
            for one in passed_over:
                self._told(*one)

    def _apply(self, record: CatalogRecord) -> None:
        match record:
            case DefinitionPublished():
                self._active[record.name] = version = self._published(record)
                self._note_triggers(record.name, version, record.recorded_at)
                record = msgspec.structs.replace(record, version=version, content=b"")
            case DefinitionActivated():
                self._active[record.name] = record.version
                self._note_triggers(record.name, record.version, record.recorded_at)
            case DefinitionArchived():
                self._active.pop(record.name, None)
                self.triggers.take(record.name, b"", record.recorded_at)
            case DefinitionSource():
                self._sources[record.hash] = SourceText(record.syntax, record.text)
            case PromptPublished():
                record = msgspec.structs.replace(record, version=self.prompts.take(record), content=b"")
            case ConnectorPublished():
                record = msgspec.structs.replace(record, version=self.connectors.take(record), content=b"")
        act = definition_act(self._offset - 1, record)
        if act is not None:
            self.acts.append(act)

    def _note_triggers(self, workflow: str, version: int, now: int) -> None:
        versions = self._versions.get(workflow, [])
        self.triggers.take(workflow, versions[version - 1].content if 0 < version <= len(versions) else b"", now)

    def _published(self, record: DefinitionPublished) -> int:
        """The version that a definition becomes: the next one, whatever number a publisher took who did not know of another one."""
        versions = self._versions.setdefault(record.name, [])
        known = next((one for one in versions if one.hash == record.hash), None)
        if known is not None:
            return known.version
        if record.version != len(versions) + 1:
            record = msgspec.structs.replace(record, version=len(versions) + 1)
        versions.append(record)
        self._by_hash.setdefault(record.hash, record)
        return record.version

    def publish(
        self, definition: WorkflowDefinition, activate: bool = False, source: SourceText | None = None, caller: Caller = ENGINE
    ) -> Published:
        """Make a valid definition the active version of its name; the same content as before is the version it was.

        Where executions start with another version meanwhile they go on doing so, unless with `activate`: nobody goes back unasked.
        Its text is kept beside it, also where it says in other words what was there.
        """
        self.read_on()
        definition = self.pinned(published(definition))
        content, hash_ = canonical(definition), content_hash(definition)
        name, now = definition.name, self._clock.now()
        versions = self._versions.get(name, [])
        known = next((version.version for version in versions if version.hash == hash_), None)
        before = self._active.get(name)
        is_left = known is not None and before not in (None, known) and not activate
        records: list[CatalogRecord] = []
        if known is None:
            records.append(DefinitionPublished(name, len(versions) + 1, hash_, content, now, *caller))
        elif known != before and not is_left:
            records.append(DefinitionActivated(name, known, now, *caller))
        if source is not None and self._is_news(hash_, source):
            records.append(DefinitionSource(name, hash_, *source, now, *caller))
        self._append(*records)
        version = next(one.version for one in self._versions[name] if one.hash == hash_)
        return Published(name, version, hash_, "inactive" if is_left else "active", known is None, before)

    def pinned(self, definition: WorkflowDefinition) -> WorkflowDefinition:
        """The definition with the prompts and the actions of connectors that it names, as they are now."""
        return with_connectors(with_pins(definition, self.prompts.find), self.connectors.find)

    def problems(self, definition: WorkflowDefinition) -> list[Problem]:
        """What is wrong with the prompts and connectors that it names."""
        prompts = prompt_problems(definition, self.prompts.find, self.prompts.names())
        return [*prompts, *connector_problems(definition, self.connectors.find, self.connectors.names())]

    def publish_prompt(self, name: str, prompt_hash: str, content: bytes, caller: Caller = ENGINE) -> tuple[PromptPublished, bool]:
        """Keep a prompt as the next version of its name; the same as any version before is that one. And whether it is new."""
        self.read_on()
        return self.prompts.keep(PromptPublished(name, 0, prompt_hash, content, self._clock.now(), *caller), self._append)

    def publish_connector(self, name: str, hash_: str, content: bytes, caller: Caller = ENGINE) -> tuple[ConnectorPublished, bool]:
        """Keep a connector, as `publish_prompt` keeps a prompt."""
        self.read_on()
        return self.connectors.keep(ConnectorPublished(name, 0, hash_, content, self._clock.now(), *caller), self._append)

    def _is_news(self, definition_hash: str, source: SourceText) -> bool:
        """Whether a text is to be kept: another one than is there, unless it is JSON in the place of YAML, which may have comments."""
        known = self._sources.get(definition_hash)
        return known is None or (known != source and (known.syntax, source.syntax) != ("yaml", "json"))

    def _append(self, *records: CatalogRecord) -> None:
        """Append them as one batch, which is there whole or not at all."""
        if not records:
            return
        answer = self._log.append("definitions", {0: [codec.pack(record) for record in records]})[0]
        if isinstance(answer, LogError):
            raise answer
        self.read_on()

    def resolve(self, name: str, version: int = 0) -> tuple[int, str]:
        """Version and hash of a workflow: of the active version, or of a given one. Raises Rejected where there is none."""
        versions = self._versions.get(name)
        if versions is None:
            self._look()
            versions = self._versions.get(name)
        wanted = version or self._active.get(name, 0)
        if versions and not wanted:
            raise Rejected("archived_workflow", f"workflow {name} is archived; activate one of its versions", workflow=name)
        if not versions or not 0 < wanted <= len(versions):
            found = f"it has {len(versions)}" if versions else "no such workflow is published"
            raise Rejected("unknown_workflow", f"workflow {name}{f', version {version}' if version else ''}: {found}", workflow=name)
        return wanted, versions[wanted - 1].hash

    def activate(self, name: str, version: int, caller: Caller = ENGINE) -> Published:
        """Make a version the one that executions start with (rolling back is this). Raises Rejected where there is none."""
        found, hash_ = self.resolve(name, version)
        if self._active.get(name) != found:
            self._append(DefinitionActivated(name, found, self._clock.now(), *caller))
        return Published(name, found, hash_, "active", False)

    def archive(self, name: str, caller: Caller = ENGINE) -> None:
        """Let no execution start with any version any more; those that run go on. Raises Rejected for an unknown workflow."""
        self.versions(name)
        if name in self._active:
            self._append(DefinitionArchived(name, self._clock.now(), *caller))

    def versions(self, name: str) -> list[DefinitionPublished]:
        """All versions of a workflow, the first one first. Raises Rejected where there is none."""
        if name not in self._versions:
            self._look()
        if name not in self._versions:
            raise Rejected("unknown_workflow", f"workflow {name}: no such workflow is published", workflow=name)
        return self._versions[name]

    def source(self, definition_hash: str) -> SourceText | None:
        """The text that a version was published from; None where it was published without."""
        return self._sources.get(definition_hash)

    def active(self, name: str) -> int | None:
        """The version that executions start with; None for a workflow that is archived or unknown."""
        return self._active.get(name)

    def graph(self, definition_hash: str) -> Graph:
        """The compiled definition of a hash. Raises KeyError where it, or its language, is not known."""
        graph = self._graphs.get(definition_hash)
        if graph is None:
            if definition_hash not in self._by_hash:
                self._look()
            record = self._by_hash[definition_hash]
            definition = load_canonical(record.content)
            if (definition.language or 1) > LANGUAGE:
                raise KeyError(f"{record.name} is written in language {definition.language}; this version of Refold knows {LANGUAGE}")
            graph = compile_definition(definition, definition_hash, record.version, self.graph)
            self._graphs[definition_hash] = graph
        return graph

    def secrets(self, definition_hash: str) -> SecretPlaces | None:
        """Where the input of a definition holds secrets; None where it holds none, or the definition is not known."""
        if definition_hash not in self._secrets:
            record = self._by_hash.get(definition_hash)
            if record is None:
                return None
            may_have = any(mark.encode() in record.content for mark in MARKS)
            self._secrets[definition_hash] = secret_places(load_canonical(record.content).input) if may_have else None
        return self._secrets[definition_hash]

    def has_secrets(self, name: str) -> bool:
        """Whether the input of any version of a workflow holds secrets. Each version is looked at once, as every start asks this."""
        versions = self._versions.get(name, ())
        known, found = self._with_secrets.get(name, (0, False))
        if known < len(versions):
            found = found or any(self.secrets(one.hash) is not None for one in versions[known:])
            self._with_secrets[name] = (len(versions), found)
        return found

    def counted(self, name: str) -> frozenset[bool]:
        """Whether versions of a workflow are counted (`Settings.is_counted`): True, False, or both where that came or went with one."""
        versions = self._versions.get(name, [])
        known, found = self._counted.get(name, (0, frozenset()))
        if known < len(versions):
            said = (_settings.decode(one.content).settings for one in versions[known:])
            found = found.union((one.concurrency, one.quota, one.while_paused) != (None, None, "start") for one in said)
            self._counted[name] = (len(versions), found)
        return found

    def dependents(self) -> list[str]:
        """The workflows with a version that waits for others (`settings.after`)."""
        for name, versions in self._versions.items():
            known, found = self._dependents.get(name, (0, False))
            if known < len(versions):
                found = found or any(_settings.decode(one.content).settings.after is not None for one in versions[known:])
                self._dependents[name] = (len(versions), found)
        return [name for name, (_, found) in self._dependents.items() if found]

    def names(self) -> list[str]:
        """The names of all published workflows."""
        return sorted(self._versions)


def versions_in(catalog: Catalog, workflow: str) -> list[Version]:
    """All versions of a workflow, as they are shown. Raises Rejected where there is none."""
    versions = catalog.versions(workflow)
    active = catalog.active(workflow)
    return [version_of(one, active, catalog.source(one.hash)) for one in versions]
