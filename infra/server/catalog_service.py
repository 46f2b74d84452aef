"""What an engine's service says and does about definitions and resources: what is published or written, and known to all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from api.hooks.deliveries import Deliveries
from api.service import Published, Unavailable
from contracts.about import About
from contracts.caller import ENGINE, Caller
from contracts.catalog import ConnectorPublished, PromptPublished, SourceText
from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition, Problem, Rejected
from contracts.resources import Resource
from contracts.system import HEAL, NOTIFY
from contracts.triggers import Fired, Trigger, TriggerPaused, TriggerStatus
from domain.channels import sends_notices
from domain.definition.canonical import load_canonical
from domain.definition.graph import Graph
from domain.definition.outline import Activities
from domain.definition.template import FoundTemplate
from domain.dependencies import Found
from domain.triggers.firing import config_of
from domain.triggers.moments import next_times
from domain.triggers.schedule import SCHEDULE
from infra.credentials.store import CredentialStore
from infra.files.templates import find_templates
from infra.server.slack_desk import SlackDesk
from infra.server.system import system_definition
from infra.server.wiring import activity_kinds, described_kinds
from infra.settings.model import EngineSettings
from projections.definitions import Version
from workers.partition.catalog import Catalog, versions_in
from workers.partition.resources import Resources
from workers.triggers.dependencies import Dependencies
from workers.triggers.directory import Directory
from workers.triggers.hook_paths import HookPaths, taken

T = TypeVar("T")


class CatalogService:
    """A part of a `Service`. All methods belong to the event loop's thread."""

    credentials: CredentialStore
    strict_kinds = False
    """A definition may name activities that nobody here can run: workers elsewhere may."""

    def __init__(self, catalog: Catalog, resources: Resources, settings: EngineSettings) -> None:
        self._catalog, self._resources = catalog, resources
        self._directory = Directory(catalog, resources)
        self._paths = HookPaths(self._directory)
        self._dependencies = Dependencies(catalog, self._directory)
        self.hooks = Deliveries()
        """What came to webhooks here lately."""
        self.public_url, self.about = settings.public_url, About()
        self._templates = settings.templates
        self.slack = SlackDesk(settings, lambda: self.credentials)
        self._kinds = activity_kinds(settings)
        self._is_stopping = False

    def _check_takes(self) -> None:
        if self._is_stopping:
            raise stopping()

    # Workflows.

    @property
    def activities(self) -> Activities:
        """The activity kinds at hand, with the models of their configs."""
        return {name: kind.Config for name, kind in self._kinds.items()}

    def node_kinds(self) -> list[dict[str, Any]]:
        """All node kinds."""
        return described_kinds(self._kinds)

    async def templates(self) -> list[FoundTemplate]:
        """The files of definitions to begin with, read anew."""
        return await asyncio.to_thread(find_templates, self._templates)

    async def publish(
        self, definition: WorkflowDefinition, activate: bool, source: SourceText | None = None, caller: Caller = ENGINE
    ) -> Published:
        """Publish a valid definition, with its text; with `activate` also content that was there before becomes the active version."""
        self._check_takes()
        if problems := self.taken(definition):
            raise InvalidDefinition(problems)
        published = await self._in_catalog(self._catalog.publish, definition, activate, source, caller)
        if sends_notices(definition):
            await self.prepare(NOTIFY)
        if definition.settings.heal is not None:
            await self.prepare(HEAL)
        return Published(self.versions(published.name)[published.version - 1], published.created, published.before)

    async def activate(self, workflow: str, version: int, caller: Caller = ENGINE) -> Version:
        """Make a version the active one. Raises InvalidDefinition where others are in its way meanwhile."""
        self._check_takes()
        if problems := self._conflicts_of(workflow, version):
            raise InvalidDefinition(problems)
        found = (await self._in_catalog(self._catalog.activate, workflow, version, caller)).version
        return self.versions(workflow)[found - 1]

    def _conflicts_of(self, workflow: str, version: int) -> list[Problem]:
        """What conflicts with a version of others; of a version that is not known, what makes it active says so."""
        if not self._catalog.knows(workflow):
            return []
        with suppress(Rejected):
            content = self._catalog.published(self._catalog.resolve(workflow, version)[1]).content
            return self._conflicts(load_canonical(content))
        return []

    def resolve(self, workflow: str, version: int = 0) -> tuple[int, str]:
        """Version and content hash of a definition."""
        return self._catalog.resolve(workflow, version)

    def version_of(self, workflow: str, definition_hash: str) -> int:
        """Which version of a workflow has this content."""
        if not self._catalog.knows(workflow):
            return 0
        return next((one.version for one in self._catalog.versions(workflow) if one.hash == definition_hash), 0)

    def compiled(self, workflow: str, version: int) -> Graph | None:
        """A version of a workflow, compiled."""
        with suppress(Rejected, KeyError):
            return self._catalog.graph(self._catalog.resolve(workflow, version)[1])
        return None

    async def archive(self, workflow: str, caller: Caller = ENGINE) -> None:
        """Let no execution start with it any more."""
        self._check_takes()
        await self._in_catalog(self._catalog.archive, workflow, caller)

    async def _in_catalog(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something that reads or appends definitions or resources."""
        return work(*arguments)

    async def know(self, workflow: str) -> None:
        """Look whether somebody else has published a workflow that is not known here."""

    def workflows(self) -> list[Version]:
        """Of each workflow the active version, or the last one."""
        return [self.versions(name)[(self._catalog.active(name) or 0) - 1] for name in self._catalog.names()]

    def versions(self, workflow: str) -> list[Version]:
        """All versions of a workflow."""
        return versions_in(self._catalog, workflow)

    async def prepare(self, workflow: str) -> None:
        """Publish one of the engine's own workflows, as this build has it."""
        self._check_takes()
        await self._in_catalog(self._catalog.publish, system_definition(workflow), True)

    # Prompts.

    def prompts(self) -> list[PromptPublished]:
        """Of each prompt the latest version, by name."""
        return self._catalog.prompts.latest()

    async def know_prompts(self) -> None:
        """Read on, as somebody else may have published a prompt, or a connector."""
        await self._in_catalog(self._catalog.read_on)

    def prompt_versions(self, name: str) -> list[PromptPublished]:
        """All versions of a prompt."""
        return self._catalog.prompts.versions(name)

    def prompt(self, name: str, version: int | None = None) -> PromptPublished:
        """A version of a prompt, without a number the latest one."""
        return self._catalog.prompts.get(name, version)

    async def publish_prompt(self, name: str, prompt_hash: str, content: bytes, caller: Caller) -> tuple[PromptPublished, bool]:
        """Keep a prompt as the next version of its name."""
        self._check_takes()
        return await self._in_catalog(self._catalog.publish_prompt, name, prompt_hash, content, caller)

    def pinned(self, definition: WorkflowDefinition) -> WorkflowDefinition:
        """The definition with the prompts and connectors that it names, as they are now."""
        return self._catalog.pinned(definition)

    # Connectors.

    def connectors(self) -> list[ConnectorPublished]:
        """Of each connector the latest version, by name."""
        return self._catalog.connectors.latest()

    def connector_versions(self, name: str) -> list[ConnectorPublished]:
        """All versions of a connector."""
        return self._catalog.connectors.versions(name)

    def connector(self, name: str, version: int | None = None) -> ConnectorPublished:
        """A version of a connector, without a number the latest one."""
        return self._catalog.connectors.get(name, version)

    async def publish_connector(self, name: str, connector_hash: str, content: bytes, caller: Caller) -> tuple[ConnectorPublished, bool]:
        """Keep a connector as the next version of its name."""
        self._check_takes()
        return await self._in_catalog(self._catalog.publish_connector, name, connector_hash, content, caller)

    # Resources.

    async def resources(self, kind: str) -> list[Resource]:
        """All of a kind, by name."""
        return self._resources.all(kind)

    async def resource(self, kind: str, name: str) -> Resource:
        """One of them."""
        return self._resources.get(kind, name)

    async def write_resource(self, kind: str, name: str, value: bytes | None, caller: Caller, expected: int | None = None) -> Resource:
        """Let a resource be this, or be no more."""
        self._check_takes()
        if value is None:
            return await self._in_catalog(self._resources.delete, kind, name, caller.actor, expected)
        return await self._in_catalog(self._resources.write, kind, name, value, caller.actor, expected)

    # Triggers.

    def triggers(self) -> Collection[str]:
        """The names of all triggers that are in force."""
        self._resources.look()
        return self._directory.all().keys()

    def trigger(self, name: str) -> TriggerStatus:
        """One of them, and how it stands."""
        return self._directory.status(self._directory.get(name))

    @property
    def triggers_stand(self) -> int:
        """How far this process has read what is written about them."""
        return self._resources.offset

    async def know_triggers(self, stand: int) -> None:
        """Read on until that is known here: another process may have written it. Raises Rejected for a stand that there is not yet."""
        if self._resources.offset < stand:
            await self._in_catalog(self._resources.read_on)
        if self._resources.offset < stand:
            message = f"what is written about triggers goes up to {self._resources.offset}; {stand} is not there yet"
            raise Rejected("unknown_position", message)

    @property
    def secrets(self) -> CredentialStore:
        """What requests to webhooks are checked with."""
        return self.credentials

    def webhook(self, path: str) -> tuple[Trigger, TriggerPaused | None] | None:
        """The one that waits for requests at a path, and why it is paused."""
        found = self._paths.find(path)
        return None if found is None else (found, self._directory.pause_of(found.name))

    def taken(self, definition: WorkflowDefinition) -> list[Problem]:
        """What does not fit others: prompts and connectors that are not so, taken paths, chains without end, waits for each other."""
        return [*self._catalog.problems(definition), *self._conflicts(definition)]

    def _conflicts(self, definition: WorkflowDefinition) -> list[Problem]:
        self._resources.look()
        return [*taken(self._paths, definition), *self._dependencies.endless(definition), *self._dependencies.waiting(definition)]

    def dependencies(self) -> Found:
        """What leads from one workflow to another."""
        self._resources.look()
        return self._dependencies.all()

    def endless(self, name: str, workflow: str, filter_: str) -> list[Problem]:
        """What a trigger that is made by hand would bring about that never ends."""
        return self._dependencies.endless_by_hand(name, workflow, filter_)

    def next_times(self, name: str, most: int) -> Sequence[int]:
        """When a schedule is due next, its jitter included."""
        trigger = self._directory.get(name)
        if trigger.type != SCHEDULE.name:
            return ()
        moments = SCHEDULE.moments(name, config_of(trigger))
        base = max(self.now() - moments.jitter_ms, self._directory.begins(trigger), self._resources.triggers.positions.get(name, 0))
        return [due + moments.jitter_ms for due in next_times(moments, base, most)]

    async def advance_triggers(self, positions: Mapping[str, int], fired: Sequence[Fired]) -> None:
        """Let triggers be done up to these positions; durable when it is done. Raises LogError."""
        await self._in_catalog(self._resources.advance, positions, fired)

    def now(self) -> int:
        """The time, in milliseconds since 1970."""
        raise NotImplementedError


def stopping() -> Unavailable:
    """Why nothing new is taken in."""
    return Unavailable("stopping", "the server is stopping", 5.0)
