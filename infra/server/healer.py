"""The engine as executions of `refold.heal` move it: by what the API does, too, so that nothing is done that a person could not do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from api.operations.drafts import KIND as DRAFTS
from api.service import Start, Unavailable
from api.what_if import WhatIfAsked
from contracts import values
from contracts.caller import Caller
from contracts.catalog import SourceText
from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition, InvalidInput, LogUnreachable, Rejected
from contracts.system import HEAL, HEAL_SLOT
from contracts.times import rfc3339
from domain.definition.canonical import load_canonical
from domain.definition.difference import changes_between
from domain.definition.document import Syntax, parse_document
from domain.definition.text_difference import text_difference
from domain.definition.unpublished import content_of, graph_of_unpublished, packed
from domain.definition.validate import publishable
from domain.heal.patch import CannotPatch, node_at, place_in, replaced, with_field
from domain.heal.rules import suggestions
from domain.heal.suggestion import Suggestion, kind_of, name_of, suggestion_in
from domain.heal.table import table_of
from domain.replay.fork import check_can_be_copied
from domain.replay.forking import Made, Wish
from domain.replay.rerun import Version as By
from infra.server.heal_case import Trouble, may_be_told, text_of, told, trouble_in
from infra.server.heal_host import Host
from projections.definitions import Version, version_in
from projections.differences import Standing, differences_value
from projections.execution_columns import execution_filter
from projections.executions import executions_where, listed
from workers.running.desk import Standing as Stands
from workers.running.healing import Applied, Case, Checked, Verdict

DECLINED_MAX: Final = 200
"""So many suggestions that were declined are remembered of a workflow, the last ones."""
BUSY_TRIES: Final = 60
BUSY_PAUSE_S: Final = 0.5
T = TypeVar("T")


class _Looked(NamedTuple):
    """A failure, with the version of the workflow that is active now."""

    standing: Standing
    trouble: Trouble
    active: Version
    text: str
    syntax: Syntax
    document: dict[str, Any]
    place: str

    @property
    def error(self) -> str:
        return self.trouble.failure.type


class _Meant(NamedTuple):
    """A suggestion as a definition: the text, None where nothing is changed, and by what the fork decides."""

    text: str | None
    hash: str
    content: bytes
    version: int
    by: By | None


class ServiceHealer:
    """See `workers.running.healing.Healer`."""

    def __init__(self, host: Host, stands: Callable[[str], Awaitable[Stands | None]]) -> None:
        self._host, self._stands = host, stands

    async def case(self, execution: str, about: str) -> Case:
        """See Healer."""
        looked = await self._look(execution, about)
        if looked is None:
            return Case("", "", 0, "", is_over=True)
        state = looked.standing.folded.state
        given = None
        if may_be_told(state):
            nodes = await _patiently(lambda: self._host.nodes(execution, looked.trouble.path, False))
            given = nodes[-1].input if nodes else None
        success = await self._success(looked.standing) if may_be_told(state) else None
        declined = [one["reason"] for one in await self._declined(state.workflow)]
        node = node_at(looked.document, looked.place)
        said = told(state, looked.trouble, node, looked.text, given, success, declined)
        return Case(looked.place, looked.error, looked.active.version, said)

    async def check(self, execution: str, about: str, base: int, last: int, said: Any, is_by_model: bool) -> Verdict:
        """See Healer."""
        looked = await self._look(execution, about)
        if looked is None:
            return Verdict(None, ["it goes on already, or is resolved"])
        if looked.active.version != base:
            return Verdict(None, [f"version {looked.active.version} has become active meanwhile: ask once more"])
        declined = {one["name"] for one in await self._declined(looked.active.name)}
        problems: list[str] = []
        for one in self._suggested(looked, said, is_by_model):
            try:
                return Verdict(await self._checked(looked, one, declined, last), problems)
            except (CannotPatch, InvalidDefinition, InvalidInput, Rejected) as error:
                problems.append(error.message if isinstance(error, Rejected) else str(error))
        return Verdict(None, problems or [f"no rule knows what helps against {looked.error}; a model may: name one"])

    def _suggested(self, looked: _Looked, said: Any, is_by_model: bool) -> Iterable[Suggestion]:
        if is_by_model:
            found = suggestion_in(said)
            return [] if found is None else [found]
        node = node_at(looked.document, looked.place)
        return suggestions(load_canonical(looked.active.content), looked.place, node or {}, looked.error)

    async def _checked(self, looked: _Looked, suggestion: Suggestion, declined: set[str], last: int) -> Checked:
        """What is known of a suggestion that holds. Raises what speaks against it."""
        meant = await self._meant(looked, suggestion)
        workflow = looked.active.name
        changes = changes_between(looked.active.content, meant.content)
        name = name_of(workflow, looked.place, looked.error, changes)
        if name in declined:
            raise CannotPatch(f"a person has declined this before: {suggestion.reason}")
        execution = looked.standing.folded.state.execution
        made = await self._forked(execution, meant.by)
        at, called = (0, []) if made is None else (made.at, list(made.called))
        table, note = await self._compared(workflow, meant, last)
        difference = "" if meant.text is None else text_difference(looked.text, meant.text, f"{workflow}/{looked.active.version}", workflow)
        return Checked(
            name, kind_of(changes), suggestion.reason, suggestion.risk, difference, meant.text, looked.syntax, meant.hash, table, note,
            at, called,
        )  # fmt: skip

    async def _meant(self, looked: _Looked, suggestion: Suggestion) -> _Meant:
        """The definition that a suggestion makes, checked as publishing does."""
        text = replaced(looked.text, suggestion.texts)
        for edit in suggestion.fields:
            text = with_field(text, looked.syntax, edit)
        active = looked.active
        if text == looked.text:
            state = looked.standing.folded.state
            graph = self._host.compiled(active.name, active.version)
            by = None if state.definition == active.hash or graph is None else By(graph, active.name, active.version, active.hash)
            return _Meant(None, active.hash, active.content, active.version, by)
        definition = await self._definition(text, looked.syntax, active.name)
        carried = packed(definition)
        graph = await self._host.compute(graph_of_unpublished, *carried)
        return _Meant(text, carried.hash, content_of(carried.packed), 0, By(graph, active.name, 0, carried.hash))

    async def _definition(self, text: str, syntax: Syntax, workflow: str) -> WorkflowDefinition:
        await self._host.know_prompts()
        definition = publishable(parse_document(text, syntax), self._host.activities, self._host.strict_kinds)
        if definition.name != workflow:
            raise CannotPatch(f"the workflow is called {workflow}, and would be {definition.name}")
        if problems := self._host.taken(definition):
            raise InvalidDefinition(problems)
        return self._host.pinned(definition)

    async def _forked(self, execution: str, by: By | None) -> Made | None:
        """The creation of the fork; None where the execution failed as it began: then by another version it begins anew."""
        wish = Wish(execution, version=by, of_incident=True)
        try:
            return await _patiently(lambda: self._host.forked(execution, wish, True))
        except Rejected as rejected:
            state = (await _patiently(lambda: self._host.standing(execution, None))).folded.state
            if rejected.reason != "would_fail_again" or by is None or state.forked is not None:
                raise
            check_can_be_copied(state)
            if values.is_reference(state.initial_variables or b""):
                raise Rejected("too_large", f"the variables of execution {execution} are too large to begin anew with") from None
            return None

    async def _began(self, heal: str, execution: str, by: By | None, caller: Caller) -> str:
        """The execution that goes on in the place of this one. Twice is once."""
        made = await self._forked(execution, by)
        if made is not None:
            start = Start(made.creation.workflow, key=heal, caller=caller, fork=made.creation)
        else:
            state = (await _patiently(lambda: self._host.standing(execution, None))).folded.state
            given = (await _patiently(lambda: self._host.state(execution, None, True)))["input"]
            start = Start(state.workflow, values.encode(given), state.initial_variables, key=heal, priority=state.priority, caller=caller)
        return (await self._host.start(start, 0)).view.execution_id

    async def _compared(self, workflow: str, meant: _Meant, last: int) -> tuple[dict[str, Any] | None, str]:
        """What the last executions would be with it; or why nothing could be compared."""
        asked = WhatIfAsked(workflow, meant.version, meant.hash, meant.content, workflow, last, 0, None, self._host.now())
        for _ in range(BUSY_TRIES):
            try:
                return table_of(msgspec.json.decode(await self._host.what_if(asked))), ""
            except Unavailable as error:
                if error.reason != "busy":
                    return None, str(error)
            await asyncio.sleep(BUSY_PAUSE_S)
        raise LogUnreachable("other versions are being compared all the time")

    async def may_apply(self, heal: str, workflow: str, per_day: int) -> bool:
        """See Healer. A place is an execution whose id says which it is: whoever begins it has it."""
        if per_day:
            await self._host.prepare(HEAL_SLOT)
        day = rfc3339(self._host.now())[:10]
        for number in range(1, per_day + 1):
            place = Start(HEAL_SLOT, values.encode({"heal": heal}), execution=f"heal:{workflow}:{day}:{number}", caller=Caller(HEAL, heal))
            try:
                await self._host.start(place, 0)
            except Rejected as rejected:
                if rejected.reason != "already_exists":
                    raise
            else:
                return True
        return False

    async def apply(self, heal: str, execution: str, change: dict[str, Any], publishes: bool, actor: str) -> Applied:
        """See Healer."""
        workflow, text, caller = change["workflow"], change["text"], Caller(actor, heal)
        if text is not None and not publishes:
            return Applied(None, await self._drafted(change, caller), None)
        await self._host.know(workflow)
        version, hash_ = self._host.resolve(workflow)
        if text is not None and hash_ != change["hash"]:
            if version != change["base"]:
                said = f"version {version} has become active since version {change['base']} was looked at: look at the draft"
                return Applied(None, await self._drafted(change, caller), None, said)
            definition = await self._definition(text, change["syntax"], workflow)
            source = SourceText(change["syntax"], text.encode())
            version = (await self._host.publish(definition, True, source, caller)).version.version
            hash_ = change["hash"]
        graph = self._host.compiled(workflow, version)
        standing = await _patiently(lambda: self._host.standing(execution, None))
        is_own = standing.folded.state.definition == hash_
        by = None if is_own or graph is None else By(graph, workflow, version, hash_)
        return Applied(version, None, await self._began(heal, execution, by, caller))

    async def _drafted(self, change: dict[str, Any], caller: Caller) -> str:
        """Keep the text as a draft; the same again writes nothing."""
        name = f"{change['workflow'][:48]}-heal-{change['hash'][:8]}"
        said = {"text": change["text"], "syntax": change["syntax"], "workflow": change["workflow"], "base_version": change["base"]}
        value = msgspec.json.encode(said)
        there = next((one for one in await self._host.resources(DRAFTS) if one.name == name), None)
        if there is None or there.value != value:
            await self._host.write_resource(DRAFTS, name, value, caller, None if there is None else there.revision)
        return name

    # What is known.

    async def _look(self, execution: str, about: str) -> _Looked | None:
        """What has failed, and the version that is active; None where nothing is to be healed any more."""
        standing = await _patiently(lambda: self._host.standing(execution, None))
        state = standing.folded.state
        trouble = trouble_in(state, about)
        if trouble is None:
            return None
        await self._host.know(state.workflow)
        active = version_in(self._host.versions(state.workflow), self._host.resolve(state.workflow)[0])
        text, syntax = text_of(active)
        document = parse_document(text, syntax)
        return _Looked(standing, trouble, active, text, syntax, document, place_in(document, trouble.path) or "")

    async def _success(self, standing: Standing) -> dict[str, Any] | None:
        """Where the last execution that succeeded went otherwise."""
        workflow = standing.folded.state.workflow
        rows = await self._listed(f"workflow == '{workflow}' && status == 'completed'", 1)
        if not rows:
            return None
        other = await _patiently(lambda: self._host.standing(rows[0]["execution_id"], None))
        return differences_value(other, standing, _shown)

    async def _declined(self, workflow: str) -> Sequence[dict[str, Any]]:
        """What heals of a workflow ended with that a person has declined."""
        await _patiently(lambda: self._host.be_current(self._host.position))
        rows = await self._listed(f"workflow == '{HEAL}' && outcome == 'declined' && search.workflow == '{workflow}'", DECLINED_MAX)
        found = [await self._stands(one["execution_id"]) for one in rows]
        return [one.output for one in found if one is not None and isinstance(one.output, dict)]

    async def _listed(self, filter_: str, limit: int) -> list[dict[str, Any]]:
        query = executions_where(limit=limit, filter_=execution_filter(filter_, self._host.now()))
        return await _patiently(lambda: self._host.find(listed(query, None, filter_)))


def _shown(value: bytes) -> Any:
    return values.described(value) if values.is_reference(value) else values.decode(value)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while the read models are behind. Raises LogUnreachable where that takes very long."""
    for _ in range(BUSY_TRIES):
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(BUSY_PAUSE_S)
    raise LogUnreachable("the read models did not come up to date")
