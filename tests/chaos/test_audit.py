"""The audit bites: evidence of a good run is doctored, one thing at a time, and just the check that is for it complains."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
import pytest

from contracts import commands as c
from contracts import events as e
from contracts.journal import Decision
from domain.execution.history import Entry

from .audit import CHECKS, audit
from .campaign import Outcome
from .evidence import Evidence, gather
from .ledger import Asked
from .processes import Exit
from .story import Stories, Story

Doctor: TypeAlias = Callable[[Evidence, Stories], Evidence]


def pick(stories: Stories, workflow: str) -> Story:
    """The first execution of a workflow that has ended and has no parent."""
    return next(story for story in stories.all.values() if story.workflow == workflow and story.ends and not story.parent)


def start_of(evidence: Evidence, story: Story) -> Asked:
    """The start that was accepted."""
    return next(one for one in evidence.asked if one.sort == "start" and one.execution == story.execution and one.is_accepted)


def without(evidence: Evidence, is_gone: Callable[[Decision], bool]) -> Evidence:
    """The journal lacks some decisions."""
    return dataclasses.replace(evidence, decisions=tuple(entry for entry in evidence.decisions if not is_gone(entry.decision)))


def again(evidence: Evidence, is_doubled: Callable[[Decision], bool]) -> Evidence:
    """The journal has a decision twice."""
    found = next(entry for entry in evidence.decisions if is_doubled(entry.decision))
    return dataclasses.replace(evidence, decisions=(*evidence.decisions, found))


def completes(story: Story, decision: Decision) -> bool:
    return decision.execution == story.execution and isinstance(decision.command, c.CompleteActivity) and bool(decision.events)


def undoes(story: Story, decision: Decision) -> bool:
    command = decision.command
    return completes(story, decision) and isinstance(command, c.CompleteActivity) and command.path.endswith(".compensate")


def renamed(entry: Entry, execution: str, name: str) -> Entry:
    """The same decision, of another execution."""
    if entry.decision.execution != execution:
        return entry
    command = entry.decision.command
    return msgspec.structs.replace(entry, decision=Decision(
        entry.decision.source, name, entry.decision.first, entry.decision.now, command, entry.decision.events
    ))  # fmt: skip


# What is doctored.


def an_accepted_execution_is_lost(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "sequence")
    start_of(evidence, story)
    return without(evidence, lambda decision: decision.execution == story.execution)


def an_end_is_missing(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "waits")
    return without(evidence, lambda d: d.execution == story.execution and any(isinstance(one, e.ExecutionCompleted) for one in d.events))


def an_end_comes_twice(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "each")
    return again(evidence, lambda d: d.execution == story.execution and any(isinstance(one, e.ExecutionCompleted) for one in d.events))


def a_start_makes_two_executions(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "fan")
    twin = [renamed(entry, story.execution, "twin") for entry in evidence.decisions if entry.decision.execution == story.execution]
    return dataclasses.replace(evidence, decisions=(*evidence.decisions, *twin))


def a_key_is_answered_with_two_executions(evidence: Evidence, stories: Stories) -> Evidence:
    other = dataclasses.replace(start_of(evidence, pick(stories, "each")), execution=pick(stories, "fan").execution)
    return dataclasses.replace(evidence, asked=(*evidence.asked, other))


def an_execution_was_asked_for_by_nobody(evidence: Evidence, stories: Stories) -> Evidence:
    tag = pick(stories, "sequence").tag
    return dataclasses.replace(evidence, asked=tuple(one for one in evidence.asked if one.tag != tag))


def a_request_fails(evidence: Evidence, stories: Stories) -> Evidence:
    refused = dataclasses.replace(evidence.asked[0], status=500, key="x")
    return dataclasses.replace(evidence, asked=(*evidence.asked, refused))


def an_open_execution_waits_for_nothing(evidence: Evidence, stories: Stories) -> Evidence:
    rows = [(*row[:9], 0, *row[10:14], "[]", *row[15:]) if row[2] == "sequence" else row for row in evidence.rebuilt["executions"]]
    return dataclasses.replace(evidence, rebuilt={**evidence.rebuilt, "executions": rows})


def a_completion_is_doubled(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "sequence")
    return again(evidence, lambda decision: completes(story, decision))


def a_side_effect_is_missing(evidence: Evidence, stories: Stories) -> Evidence:
    key = f"{pick(stories, 'sequence').execution}/b"
    return dataclasses.replace(evidence, effects=tuple(one for one in evidence.effects if (one.key, one.phase) != (key, "done")))


def a_result_is_of_another_run(evidence: Evidence, stories: Stories) -> Evidence:
    key = f"{pick(stories, 'sequence').execution}/b"
    effects = (dataclasses.replace(one, run="other") if one.key == key else one for one in evidence.effects)
    return dataclasses.replace(evidence, effects=tuple(effects))


def something_ran_that_was_not_scheduled(evidence: Evidence, stories: Stories) -> Evidence:
    stray = dataclasses.replace(evidence.effects[0], attempt=99)
    return dataclasses.replace(evidence, effects=(*evidence.effects, stray))


def something_ran_again_for_no_reason(evidence: Evidence, stories: Stories) -> Evidence:
    repeated = dataclasses.replace(evidence.effects[0], run="again", at=evidence.effects[0].at + 100)
    return dataclasses.replace(evidence, effects=(*evidence.effects, repeated), faults=())


def an_attempt_is_lost_for_no_reason(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "sequence")
    found = next(entry for entry in evidence.decisions if completes(story, entry.decision))
    lost = Decision(found.decision.source, story.execution, 1, found.decision.now + 10**7, c.LoseActivity("a", 1), found.decision.events)
    return dataclasses.replace(evidence, decisions=(*evidence.decisions, msgspec.structs.replace(found, decision=lost)))


def something_ran_again_after_its_result_was_kept(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "sequence")
    late = next(one for one in evidence.effects if one.key == f"{story.execution}/b" and one.phase == "began")
    late = dataclasses.replace(late, run="late", attempt=max(attempt for path, attempt in story.results if path == "b"), at=late.at + 10**7)
    return dataclasses.replace(evidence, effects=(*evidence.effects, late))


def an_undo_is_missing(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "undone")
    return without(evidence, lambda decision: undoes(story, decision))


def an_undo_is_doubled(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "caught")
    return again(evidence, lambda decision: undoes(story, decision))


def an_accepted_signal_is_lost(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "inbox")
    return without(evidence, lambda decision: decision.execution == story.execution and isinstance(decision.command, c.SendSignal))


def a_signal_is_taken_twice(evidence: Evidence, stories: Stories) -> Evidence:
    story = pick(stories, "listener")
    return again(evidence, lambda d: d.execution == story.execution and any(isinstance(one, e.SignalConsumed) for one in d.events))


def verify_finds_a_difference(evidence: Evidence, stories: Stories) -> Evidence:
    return dataclasses.replace(evidence, verified=(1, evidence.verified[1]))


def verify_decides_fewer(evidence: Evidence, stories: Stories) -> Evidence:
    return dataclasses.replace(evidence, verified=(0, evidence.verified[1] - 1))


def a_foreign_decision_is_counted(evidence: Evidence, stories: Stories) -> Evidence:
    (number, offsets), *rest = evidence.rebuilt["decisions"]
    return dataclasses.replace(evidence, rebuilt={**evidence.rebuilt, "decisions": [(number, [*offsets, 10**9]), *rest]})


def a_row_differs(evidence: Evidence, stories: Stories) -> Evidence:
    row, *rest = evidence.projection["executions"]
    return dataclasses.replace(evidence, projection={**evidence.projection, "executions": [(*row[:4], "lost", *row[5:]), *rest]})


def there_are_no_rows(evidence: Evidence, stories: Stories) -> Evidence:
    return dataclasses.replace(evidence, projection={}, rebuilt={})


def a_worker_ended_by_itself(evidence: Evidence, stories: Stories) -> Evidence:
    return dataclasses.replace(evidence, exits=(Exit(name="worker", code=1, at=0, said="", is_excused=False),))


def a_server_met_a_bug(evidence: Evidence, stories: Stories) -> Evidence:
    return dataclasses.replace(evidence, said="Traceback (most recent call last):")


DOCTORED: Final[dict[str, tuple[Doctor, ...]]] = {
    "accepted_starts_end_once": (an_accepted_execution_is_lost,),
    "executions_end_as_they_have_to": (an_end_is_missing, an_end_comes_twice),
    "one_start_is_one_execution": (
        a_start_makes_two_executions, a_key_is_answered_with_two_executions, an_execution_was_asked_for_by_nobody,
    ),
    "what_is_asked_is_answered": (a_request_fails,),
    "open_executions_wait_for_something": (an_open_execution_waits_for_nothing,),
    "results_are_applied_once": (a_completion_is_doubled,),
    "completed_activities_have_run": (a_side_effect_is_missing, a_result_is_of_another_run),
    "effects_come_after_facts": (something_ran_that_was_not_scheduled,),
    "runs_are_repeated_only_for_a_reason": (something_ran_again_for_no_reason, an_attempt_is_lost_for_no_reason),
    "nothing_runs_again_once_its_result_is_kept": (something_ran_again_after_its_result_was_kept,),
    "what_completed_is_undone_once": (an_undo_is_missing, an_undo_is_doubled),
    "accepted_signals_arrive_once": (an_accepted_signal_is_lost, a_signal_is_taken_twice),
    "the_journal_verifies": (verify_finds_a_difference, verify_decides_fewer),
    "only_decisions_that_count_are_counted": (a_foreign_decision_is_counted,),
    "read_models_equal_a_clean_rebuild": (a_row_differs, there_are_no_rows),
    "processes_end_only_when_killed": (a_worker_ended_by_itself, a_server_met_a_bug),
}  # fmt: skip


def complaints(evidence: Evidence) -> set[str]:
    """The checks that have something to say."""
    return {finding.partition(":")[0] for finding in audit(Stories(evidence))}


@pytest.mark.parametrize(("check", "doctor"), [(check, doctor) for check, doctors in DOCTORED.items() for doctor in doctors])
def test_doctored_evidence_is_found(outcome: Outcome, check: str, doctor: Doctor) -> None:
    assert check not in complaints(outcome.evidence)
    assert check in complaints(doctor(outcome.evidence, outcome.stories))


def test_each_check_has_been_seen_to_bite() -> None:
    assert list(DOCTORED) == [check.__name__ for check in CHECKS]


def changed_byte(data: Path) -> int:
    """Change one byte in the middle of the journal; the offset of its row."""
    connection = sqlite3.connect(data / "log.db")
    rows: list[Any] = connection.execute("SELECT place, body FROM journal ORDER BY place").fetchall()
    place, body = rows[len(rows) // 2]
    middle = len(body) // 2
    changed = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
    connection.execute("UPDATE journal SET body = ? WHERE place = ?", (changed, place))
    connection.commit()
    connection.close()
    return int(place)


def test_a_changed_byte_in_the_journal_is_found(outcome: Outcome, data: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(data, tmp_path / "data")
    changed_byte(copy)
    kept = outcome.evidence
    doctored = gather(copy, outcome.folder / "effects.jsonl", kept.asked, kept.faults, kept.exits, kept.said, kept.lease_ms)
    assert "the_journal_verifies" in complaints(doctored)
