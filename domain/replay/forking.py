"""Forking: the creation of a fork, with those of the children that are open in it, from the histories of all of them.

ended by then        their results are part of the past: shared
open                 forked too, as each was at the same time
not begun by then    begun anew, with what they were asked for
detached             nobody waits for them: they stay the source's alone
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from contracts import events as e
from contracts.commands import CreateExecution, Fork, ReportChild
from contracts.errors import Rejected
from contracts.journal import Decision
from contracts.key import NO_KEY
from domain.execution.deciding import ReadBlob
from domain.execution.forked import pack_past
from domain.execution.state import Execution
from domain.replay.edits import Edit
from domain.replay.fork import (
    Before,
    Derived,
    Source,
    before_failure,
    before_incident,
    check_can_be_copied,
    check_can_be_forked,
    creation_of,
    derive,
    references_in,
)
from domain.replay.rerun import Version

BYTES_MAX = 4 * 1024 * 1024
"""So long the packed states of a fork and of its open children may be, taken together."""


class Histories(Protocol):
    """The histories of executions that live in one partition."""

    def up_to(self, execution: str, version: int | None, until: int | None = None) -> Source:
        """An execution after the decision of its event `version` (None: the last one), and what is recorded behind that.

        Without an `until` that is nothing, with 0 all there is. Raises Rejected for an execution or an event that is not there.
        """

    def before_time(self, execution: str, time: int | None) -> Source | None:
        """The same, after what was decided before a time (milliseconds since 1970; None: all); None where it had not begun."""


class Wish(NamedTuple):
    """What is to be forked: after which event of it (None: the last one), with which edits, by which version (None: its own).

    With an `until` what is recorded up to that event (0: all of it) decides on before the fork begins. With `of_incident` what is
    retried may need a person in place of having failed.
    """

    execution: str
    at: int | None = None
    edits: tuple[Edit, ...] = ()
    version: Version | None = None
    until: int | None = None
    of_incident: bool = False


class Made(NamedTuple):
    """The creation of a fork, and after which event of its source it begins, the end of a decision.

    `forked` are the children that are forked with it, `called` what it asks for that its source never did.
    """

    creation: CreateExecution
    at: int
    forked: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


def fork(histories: Histories, wish: Wish, read_blob: ReadBlob) -> Made:
    """The creation of a fork. Raises Rejected where there cannot be one, InvalidInput for edits that do not fit."""
    source = histories.up_to(wish.execution, wish.at, wish.until)
    made = _made(histories, source, wish, read_blob, {})
    is_last = wish.at is None and not wish.until
    return _checked(made._replace(creation=replace(made.creation, fork=replace(_fork_of(made.creation), is_last=is_last))))


def retry(histories: Histories, wish: Wish, read_blob: ReadBlob) -> Made:
    """The same, before what has failed did; all results before are kept. Raises Rejected for what has not failed, too."""
    return _checked(_retried(histories, wish, read_blob))


def _retried(histories: Histories, wish: Wish, read_blob: ReadBlob) -> Made:
    whole = histories.up_to(wish.execution, None)
    check_can_be_forked(whole.state)
    is_open = wish.of_incident and whole.state.status != "failed"
    before = (before_incident if is_open else before_failure)(list(whole.before()), whole.state)
    if before.until and not wish.edits and wish.version is None:
        failure = next(iter(whole.state.incidents.values())).failure if is_open else whole.state.failure
        where, kind = ("", "") if failure is None else (failure.node or "it", failure.type)
        said = (
            f"{where} failed by what is decided ({kind}), not by what a worker gave: it would fail again; set something, or name a version"
        )
        raise Rejected("would_fail_again", said, execution=wish.execution)
    source = histories.up_to(wish.execution, before.at, before.until or None)
    return _made(histories, source, wish, read_blob, {before.child: before} if before.child else {})


def _checked(made: Made) -> Made:
    size = _size_of(made.creation)
    if size > BYTES_MAX:
        name = _fork_of(made.creation).source
        said = f"what execution {name} was takes {size:,} bytes, packed and with its children; {BYTES_MAX:,} are allowed"
        raise Rejected("too_large", said)
    return made


def _size_of(creation: CreateExecution) -> int:
    return 0 if creation.fork is None else len(creation.fork.state) + sum(_size_of(child) for _, child in creation.fork.children)


def _fork_of(creation: CreateExecution) -> Fork:
    assert creation.fork is not None, "it is no fork"
    return creation.fork


def _made(histories: Histories, source: Source, wish: Wish, read_blob: ReadBlob, retried: dict[str, Before]) -> Made:
    check_can_be_forked(source.state)
    was = source.state
    at, digest, definition, is_sealed = was.version, was.digest, was.definition, was.key != NO_KEY
    until = source.later[-1].first + len(source.later[-1].events) - 1 if source.later else 0
    derived = derive(source, wish.version, wish.edits, read_blob)
    state = derived.state
    if wish.version is None:  # where what is recorded behind it changed it, it is that one
        definition = state.definition
    check_can_be_copied(state)
    forked: list[str] = []
    children: list[tuple[str, CreateExecution]] = []
    for path, child in derived.children.items() if not state.is_ended else ():
        creation = _child(histories, source, derived, path, child, read_blob, retried)
        forked += [child] if creation.fork is not None else []
        children.append((path, creation))
    has_begun = bool(state.started_at or state.ended_at)
    fork_ = Fork(
        was.execution, at, digest, was.now, definition, pack_past(state) if has_begun else b"",
        tuple((one.path, one.value) for one in wish.edits), until, is_sealed, references_in(state), tuple(children),
    )  # fmt: skip
    creation = replace(
        creation_of(state), fork=fork_, start_at=state.timers.get(":start_at"), autostart=has_begun or _begins_by_itself(state)
    )
    return Made(creation, at, tuple(forked), tuple(sorted({one.call.path for one in derived.new})))


def _begins_by_itself(state: Execution) -> bool:
    """Whether one that has not begun was about to: else somebody was to start it."""
    return bool(state.timers) or state.status != "created" or state.version != 1


def _child(
    histories: Histories,
    source: Source,
    derived: Derived,
    path: str,
    child: str,
    read_blob: ReadBlob,
    retried: dict[str, Before],
) -> CreateExecution:
    """The creation of a child that is open in a fork."""
    new = next((one.call for one in derived.new if one.call.sort == "child" and one.call.path == path), None)
    if new is not None:
        return CreateExecution(new.name, 0, "", derived.given[path])
    try:
        if child in retried:
            return _retried(histories, Wish(child), read_blob).creation
        found = histories.before_time(child, _until(source, child))
        if found is not None:
            return _made(histories, found, Wish(child), read_blob, {}).creation
    except Rejected as rejected:
        said = f"its child {child} is open there, and cannot be forked with it: {rejected.message}"
        raise Rejected("child_not_forked", said, execution=source.state.execution, child=child) from None
    return _begun_anew([*source.before(), *source.later], child)


def _until(source: Source, child: str) -> int | None:
    """Up to which time a child counts: as long as its parent was what is forked; all of it where what follows is that it has ended."""
    following = source.following
    if following is None or (isinstance(following.command, ReportChild) and following.command.child == child):
        return None
    return following.now


def _begun_anew(decisions: Sequence[Decision], child: str) -> CreateExecution:
    """The creation of a child that had not begun when its parent was forked."""
    asked = next(one for decision in decisions for one in decision.events if isinstance(one, e.ChildStarted) and one.child == child)
    return CreateExecution(asked.workflow, asked.version, "", asked.input)
