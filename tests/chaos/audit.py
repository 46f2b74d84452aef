"""The audit: reads the evidence of a run and says what is wrong with it, a sentence for each finding. It believes nothing else.

Each check is a rule that a user could name; `tests/chaos/test_audit.py` shows for each that it bites.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Final

from contracts.ids import idempotency_key
from contracts.values import is_reference

from .evidence import differing
from .processes import Fault
from .story import Stories, Story
from .workflows import EXPECTED

FINDINGS_MAX: Final = 20
"""So many findings of one check are told."""
SLACK_MS: Final = 3_000
"""How late a machine under load may notice that a lease has passed, beyond two leases."""
HANDOVER_MS: Final = 1_000
"""How long before its first line a run may have been handed out, by a server that was killed then."""


def audit(stories: Stories) -> list[str]:
    """All findings; none is what is hoped for."""
    return [f"{check.__name__}: {found}" for check in CHECKS for found in islice(check(stories), FINDINGS_MAX)]


# Executions.


def accepted_starts_end_once(stories: Stories) -> Iterator[str]:
    """Every start that was accepted is one execution that ended once, as its workflow has to."""
    for execution in {one.execution for one in stories.evidence.asked if one.sort == "start" and one.is_accepted}:
        story = stories.all.get(execution)
        if story is None or not story.creations:
            yield f"{execution} was accepted and is not in the journal"


def executions_end_as_they_have_to(stories: Stories) -> Iterator[str]:
    """Every execution, children and those of lost answers included, ends once, and as its workflow has to."""
    for story in stories.all.values():
        if story.creations != 1:
            yield f"{story.execution} was created {story.creations} times"
            continue
        wanted = EXPECTED[story.workflow].status
        found = "+".join(story.ends) or "open"
        if found != wanted:
            yield f"{story.execution} ({story.workflow}) is {found}, expected {wanted}"
        if story.after_end:
            yield f"{story.execution} ({story.workflow}) has {story.after_end} events after its end"


def one_start_is_one_execution(stories: Stories) -> Iterator[str]:
    """What was asked again under its key or id is the same execution; and nobody has made any that was not asked for."""
    roots = Counter(story.tag for story in stories.all.values() if not story.parent)
    starts = {one.tag for one in stories.evidence.asked if one.sort == "start"}
    for tag, count in roots.items():
        if tag not in starts:
            yield f"nobody asked for the execution with the tag {tag!r}"
        if count > 1:
            yield f"the start {tag} made {count} executions"
    answered: dict[str, set[str]] = defaultdict(set)
    for one in stories.evidence.asked:
        if one.sort == "start" and one.is_accepted:
            answered[one.tag].add(one.execution)
    for tag, executions in answered.items():
        if len(executions) > 1:
            yield f"the start {tag} was answered with {sorted(executions)}"


def what_is_asked_is_answered(stories: Stories) -> Iterator[str]:
    """No request is refused or stays without an answer, but for what has ended: steering it, or a signal it did not wait for."""
    for one in stories.evidence.asked:
        is_late = one.status == 409 and (one.sort == "steer" or one.workflow == "timed")
        is_blind = one.sort == "start" and one.status == 0 and not one.key and not one.execution
        if not one.is_accepted and not is_late and not is_blind:
            yield f"{one.sort} {one.name or one.workflow} of {one.execution or one.tag} was answered {one.status} after {one.tries} tries"


def open_executions_wait_for_something(stories: Stories) -> Iterator[str]:
    """What is open in the end waits for a signal that nobody sends."""
    for row in stories.evidence.rebuilt.get("executions", ()):
        execution, workflow, ended_at, waiting = row[1], row[2], row[9], json.loads(row[14])
        if not ended_at and [item.get("names") for item in waiting] != [["never"]]:
            yield f"{execution} ({workflow}) is open and waits for {waiting or 'nothing'}"


# Activities.


def _path(story: Story, key: str) -> str:
    return key.removeprefix(f"{story.execution}/")


def results_are_applied_once(stories: Stories) -> Iterator[str]:
    """No node completes twice, and the end of no attempt is taken in twice."""
    for story in stories.all.values():
        for path, count in story.completed.items():
            if count > 1:
                yield f"{story.execution}/{path} completed {count} times"
        for (path, attempt), count in story.results.items():
            if count > 1:
                yield f"{story.execution}/{path}, attempt {attempt}, ended {count} times"


def completed_activities_have_run(stories: Stories) -> Iterator[str]:
    """Each result of an activity in a history was given by a run that came to its end, of just that attempt."""
    for story in stories.all.values():
        for (path, attempt), output in story.outputs.items():
            key = idempotency_key(story.execution, path)
            if path == "sum":  # a built-in activity of the server
                continue
            runs = stories.ended.get((key, attempt), set())
            if not runs:
                yield f"{key}, attempt {attempt}, completed, and no run of it came to its end"
            elif not is_reference(output) and json.loads(output)["run"] not in runs:
                yield f"{key}, attempt {attempt}, completed with the result of a run that is not its own"


def effects_come_after_facts(stories: Stories) -> Iterator[str]:
    """Nothing runs that the journal has not scheduled."""
    for key, attempt in stories.runs:
        execution = stories.runs[key, attempt][0].execution
        story = stories.all.get(execution)
        if story is None or (_path(story, key), attempt) not in story.scheduled:
            yield f"{key}, attempt {attempt}, ran and was never scheduled"


def runs_are_repeated_only_for_a_reason(stories: Stories) -> Iterator[str]:
    """An attempt runs again only where a process died or was frozen in between, and is lost only where one was."""
    evidence = stories.evidence
    reach = 2 * evidence.lease_ms + SLACK_MS
    for (key, attempt), runs in stories.runs.items():
        moments = sorted(run.at for run in runs)
        for before, after in pairwise(moments):
            if not _is_explained(evidence.faults, before - HANDOVER_MS, after):
                yield f"{key}, attempt {attempt}, ran again after {after - before} ms, and nothing had happened to any process"
    for story in stories.all.values():
        for path, attempt, at in story.lost:
            if not _is_explained(evidence.faults, at - reach, at):
                yield f"{story.execution}/{path}, attempt {attempt}, was lost, and nothing had happened to any process"


def nothing_runs_again_once_its_result_is_kept(stories: Stories) -> Iterator[str]:
    """No attempt begins after its end was taken in, but at a worker that had been given it before, and was frozen."""
    frozen = [fault for fault in stories.evidence.faults if fault.what == "freeze" and fault.target == "worker"]
    for story in stories.all.values():
        for (path, attempt), kept_at in story.kept_at.items():
            key = idempotency_key(story.execution, path)
            for run in stories.runs.get((key, attempt), ()):
                is_thawed = any(fault.at <= kept_at and run.at <= fault.until + HANDOVER_MS for fault in frozen)
                if run.at > kept_at + HANDOVER_MS and not is_thawed:
                    yield f"{key}, attempt {attempt}, ran again {run.at - kept_at} ms after its result was durable"


def _is_explained(faults: tuple[Fault, ...], begin: int, end: int) -> bool:
    return any(fault.at <= end and fault.until >= begin and fault.target != "projector" for fault in faults)


def what_completed_is_undone_once(stories: Stories) -> Iterator[str]:
    """Where an execution undoes, each node that can be undone is, once."""
    for story in stories.all.values():
        if EXPECTED.get(story.workflow) is None or story.workflow not in ("caught", "undone", "cancelled"):
            continue
        for path in story.undoable:
            if story.completed[f"{path}.compensate"] != 1:
                yield f"{story.execution}/{path} was undone {story.completed[f'{path}.compensate']} times"


# Signals.


def accepted_signals_arrive_once(stories: Stories) -> Iterator[str]:
    """A signal that was accepted is in its execution once; no signal is taken twice, and where all are needed all are."""
    for one in stories.evidence.asked:
        if one.sort == "signal" and one.is_accepted:
            story = stories.all.get(one.execution)
            count = 0 if story is None else story.received[one.key]
            if count != 1:
                yield f"the signal {one.key} was accepted and arrived {count} times"
    for story in stories.all.values():
        twice = [place for place, count in story.consumed.items() if count > 1]
        if twice:
            yield f"{story.execution} took the signals {twice} more than once"
        wanted = EXPECTED[story.workflow].consumed if story.workflow in EXPECTED else 0
        if wanted and "completed" in story.ends and sum(story.consumed.values()) != wanted:
            yield f"{story.execution} ({story.workflow}) took {sum(story.consumed.values())} signals, expected {wanted}"


# The journal and what follows from it.


def the_journal_verifies(stories: Stories) -> Iterator[str]:
    """The whole journal can be read, and every decision comes out the same when it is decided again."""
    evidence = stories.evidence
    yield from evidence.unreadable
    code, decisions = evidence.verified
    if code or decisions != len(evidence.decisions):
        yield f"verify --all ended with {code} after {decisions} of {len(evidence.decisions)} decisions: {evidence.verify_said[-300:]}"


def only_decisions_that_count_are_counted(stories: Stories) -> Iterator[str]:
    """The read models hold exactly the decisions that count: none foreign, none doubled, none left out."""
    held = sorted(offset for _, offsets in stories.evidence.rebuilt.get("decisions", ()) for offset in offsets)
    counting = sorted(offset for story in stories.all.values() for offset in story.offsets)
    if held != counting:
        extra, missing = sorted(set(held) - set(counting)), sorted(set(counting) - set(held))
        yield f"read models and journal differ: counted without counting {extra[:5]}, left out {missing[:5]}"


def read_models_equal_a_clean_rebuild(stories: Stories) -> Iterator[str]:
    """The rows of projectors that were killed again and again are those of one that never was."""
    yield from differing(stories.evidence.projection, stories.evidence.rebuilt)


# The processes.


def processes_end_only_when_killed(stories: Stories) -> Iterator[str]:
    """No process ends by itself, but a server that finds a full disk; none says that it has met a bug."""
    for found in stories.evidence.exits:
        if not found.is_excused:
            yield f"a {found.name} ended by itself with {found.code}: {found.said[-300:]}"
    if "Traceback" in stories.evidence.said:
        place = stories.evidence.said.index("Traceback")
        yield f"a server said: {stories.evidence.said[place : place + 1_500]}"


CHECKS: Final[tuple[Callable[[Stories], Iterator[str]], ...]] = (
    accepted_starts_end_once,
    executions_end_as_they_have_to,
    one_start_is_one_execution,
    what_is_asked_is_answered,
    open_executions_wait_for_something,
    results_are_applied_once,
    completed_activities_have_run,
    effects_come_after_facts,
    runs_are_repeated_only_for_a_reason,
    nothing_runs_again_once_its_result_is_kept,
    what_completed_is_undone_once,
    accepted_signals_arrive_once,
    the_journal_verifies,
    only_decisions_that_count_are_counted,
    read_models_equal_a_clean_rebuild,
    processes_end_only_when_killed,
)
