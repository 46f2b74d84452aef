"""The audit bites: the evidence of a good run is doctored, one thing at a time, and the check that is for it complains."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec
import pytest

from tests.chaos import audit as common
from tests.chaos.evidence import Effect
from tests.chaos.processes import Exit
from tests.chaos.story import Story

from . import audit as own
from .audit import CHECKS, audit
from .campaign import Outcome
from .raw import DECIDED, Raw, RawDecision, chained, judge
from .stories import COMPLETE, CONSUMED, SIGNAL, RawStories

Doctor: TypeAlias = Callable[[RawStories], RawStories]
LATE: Final = 2**40
"""A source above all others."""


def changed(
    stories: RawStories, topics: dict[str, list[Raw]] | None = None, answered: Any = None, logs: Any = None, **more: Any
) -> RawStories:
    """The same run with other evidence."""
    kafka = dataclasses.replace(
        stories.kafka, topics={**stories.kafka.topics, **(topics or {})}, answered=answered or stories.kafka.answered,
        logs=logs or stories.kafka.logs,
    )  # fmt: skip
    return RawStories(dataclasses.replace(stories.evidence, **more), kafka, judge(kafka.topics["journal"]))


def pick(stories: RawStories, workflow: str) -> Story:
    """The first execution of a workflow that has ended and has no parent."""
    return next(story for story in stories.all.values() if story.workflow == workflow and story.ends and not story.parent)


def decisions_of(stories: RawStories, story: Story) -> list[RawDecision]:
    return [decision for decision in stories.journal.decisions if decision.execution == story.execution]


def without(stories: RawStories, gone: list[RawDecision]) -> RawStories:
    """The journal lacks some records."""
    places = {(decision.partition, decision.offset) for decision in gone}
    return changed(stories, {"journal": [one for one in stories.kafka.topics["journal"] if (one.partition, one.offset) not in places]})


def appended(stories: RawStories, decision: RawDecision, source: int = LATE, digest: bytes = b"", **fields: Any) -> RawStories:
    """A decision is in the journal once more, under the claim in force; `fields` by their places in its body."""
    journal = stories.kafka.topics["journal"]
    nonce = next(parts[1] for one in reversed(journal) if one.partition == decision.partition
                 and (parts := msgspec.msgpack.decode(one.content))[0] == 2)  # fmt: skip
    body = msgspec.msgpack.decode(decision.body)
    body[0] = [fields.get("of", -1), source, "doctored"]
    if "first" in fields:
        body[2] = fields["first"]
    content = msgspec.msgpack.encode(body)
    offset = 1 + max(one.offset for one in journal if one.partition == decision.partition)
    record = msgspec.msgpack.encode([DECIDED, nonce, fields.get("of", -1), source, content, digest])
    return changed(stories, {"journal": [*journal, Raw(decision.partition, offset, decision.at, record)]})


def find(stories: RawStories, is_it: Callable[[RawDecision], bool]) -> RawDecision:
    return next(decision for decision in stories.journal.decisions if decision.events and is_it(decision))


# What is doctored: executions, activities, signals.


def an_accepted_execution_is_lost(stories: RawStories) -> RawStories:
    return without(stories, decisions_of(stories, pick(stories, "sequence")))


def an_end_is_missing(stories: RawStories) -> RawStories:
    return without(stories, decisions_of(stories, pick(stories, "waits"))[-1:])


def a_key_is_answered_with_two_executions(stories: RawStories) -> RawStories:
    start = next(one for one in stories.evidence.asked if one.sort == "start" and one.is_accepted)
    return changed(stories, asked=(*stories.evidence.asked, dataclasses.replace(start, execution=pick(stories, "fan").execution + "x")))


def a_request_fails(stories: RawStories) -> RawStories:
    return changed(stories, asked=(*stories.evidence.asked, dataclasses.replace(stories.evidence.asked[0], status=500, key="x")))


def a_result_is_taken_twice(stories: RawStories) -> RawStories:
    return appended(stories, find(stories, lambda decision: decision.command[0] == COMPLETE))


def results_come_from_nowhere(stories: RawStories) -> RawStories:
    return changed(stories, effects=())


def something_runs_that_was_never_scheduled(stories: RawStories) -> RawStories:
    odd = dataclasses.replace(stories.evidence.effects[0], attempt=77)
    return changed(stories, effects=(*stories.evidence.effects, odd))


def something_is_undone_twice(stories: RawStories) -> RawStories:
    undoes = find(stories, lambda one: one.command[0] == COMPLETE and str(one.command[1]).endswith(".compensate"))
    return appended(stories, undoes)


def a_signal_arrives_twice(stories: RawStories) -> RawStories:
    signals = {one.key for one in stories.evidence.asked if one.sort == "signal" and one.is_accepted}
    return appended(stories, find(stories, lambda one: one.command[0] == SIGNAL and one.command[1] in signals))


def a_signal_is_lost(stories: RawStories) -> RawStories:
    story = pick(stories, "waits")
    return without(stories, [one for one in decisions_of(stories, story) if any(event[0] == CONSUMED for event in one.events)])


# The journal.


def a_record_is_gone(stories: RawStories) -> RawStories:
    return without(stories, stories.journal.decisions[5:6])


def a_record_is_no_record(stories: RawStories) -> RawStories:
    first, *others = stories.kafka.topics["journal"]
    return changed(stories, {"journal": [first._replace(content=b"\xc1"), *others]})


def a_command_is_decided_twice(stories: RawStories) -> RawStories:
    decision = find(stories, lambda one: one.source[0] >= 0)
    again = stories.journal.decisions[:]
    again.append(decision._replace(offset=LATE))
    told = changed(stories)
    told.journal.decisions = again
    return told


def a_command_is_decided_elsewhere(stories: RawStories) -> RawStories:
    return appended(stories, stories.journal.decisions[0], of=stories.journal.decisions[0].partition + 1)


def a_version_is_left_out(stories: RawStories) -> RawStories:
    decision = decisions_of(stories, pick(stories, "fan"))[-1]
    return appended(stories, decision, first=decision.first + 50)


def a_digest_does_not_chain(stories: RawStories) -> RawStories:
    decision = decisions_of(stories, pick(stories, "fan"))[-1]
    version = decision.first + len(decision.events)
    return appended(stories, decision, first=version, digest=chained(b"another", b"body"))


def an_answer_is_given_twice(stories: RawStories) -> RawStories:
    told = changed(stories)
    told.journal.answers.append(told.journal.answers[0])
    return told


def verification_finds_a_difference(stories: RawStories) -> RawStories:
    return changed(stories, verified=(1, len(stories.journal.decisions)), verify_said="a difference")


def verification_leaves_something_out(stories: RawStories) -> RawStories:
    return changed(stories, verified=(0, len(stories.journal.decisions) - 1))


# What is read.


def of_models(stories: RawStories, **tables: Any) -> RawStories:
    first, *others = stories.kafka.read_models
    told = changed(stories)
    doctored = first._replace(found={**first.found, **{name: change(first.found[name]) for name, change in tables.items()}})
    told.kafka = dataclasses.replace(told.kafka, read_models=(doctored, *others))
    return told


def a_decision_is_missing_in_a_read_model(stories: RawStories) -> RawStories:
    return of_models(stories, decisions=lambda rows: rows[1:])


def a_foreign_decision_is_in_a_read_model(stories: RawStories) -> RawStories:
    return of_models(stories, decisions=lambda rows: [*rows, (LATE, [LATE])])


def a_row_is_missing(stories: RawStories) -> RawStories:
    return of_models(stories, executions=lambda rows: rows[1:])


def an_engine_answers_otherwise(stories: RawStories) -> RawStories:
    engine, found = next(iter(stories.kafka.answered.items()))
    return changed(stories, answered={**stories.kafka.answered, engine: {**found, pick(stories, "fan").execution: "running"}})


def an_engine_knows_of_nothing(stories: RawStories) -> RawStories:
    return changed(stories, answered={**stories.kafka.answered, "engine-2": {}})


def a_letter_is_dead(stories: RawStories) -> RawStories:
    return changed(stories, {"dead-letters": [Raw(0, 0, 0, b"nobody")]})


def dead(stories: RawStories, execution: str, signal: str) -> RawStories:
    """A signal could not be given to an execution."""
    envelope = msgspec.msgpack.encode([signal, execution, [SIGNAL, signal, "told", b"{}"], "teller"])
    letter = msgspec.msgpack.encode([envelope, "it is completed: it takes no more commands", "teller", 0])
    return changed(stories, {"dead-letters": [Raw(0, 0, 0, letter)]})


def a_signal_never_came(stories: RawStories) -> RawStories:
    return dead(stories, pick(stories, "fan").execution, "nobody/tell@1")


# Activities again.


def a_task_is_handed_out_for_no_reason(stories: RawStories) -> RawStories:
    name, records = next((name, found) for name, found in stories.kafka.topics.items() if name.startswith("activities.default.work"))
    late = records[0]._replace(at=LATE)
    return changed(stories, {name: [*records, late._replace(at=LATE - 1), late]}, faults=())


def a_run_is_repeated_for_no_reason(stories: RawStories) -> RawStories:
    first = next(one for one in stories.evidence.effects if one.phase == "began")
    later = [dataclasses.replace(first, run=f"again-{number}", at=LATE + number) for number in range(9)]
    return changed(stories, effects=(*stories.evidence.effects, *later))


def an_attempt_is_lost_for_no_reason(stories: RawStories) -> RawStories:
    told = changed(stories, faults=())
    next(iter(told.all.values())).lost.append(("a", 1, 5))
    return told


def a_result_was_never_taken_in(stories: RawStories) -> RawStories:
    story = pick(stories, "sequence")
    result = {"task": f"{story.execution}/a@9", "output": 1}
    record = Raw(0, LATE, 0, json.dumps(result).encode())
    cut = without(stories, decisions_of(stories, story)[-1:])
    return changed(cut, {"commands": [*cut.kafka.topics["commands"], record]})


# The processes.


def a_process_ended_by_itself(stories: RawStories) -> RawStories:
    return changed(stories, exits=(Exit(name="engine-1", code=1, at=0, said="no", is_excused=False),))


def a_process_met_a_bug(stories: RawStories) -> RawStories:
    return changed(stories, logs={**stories.kafka.logs, "engine-1": "Traceback (most recent call last):"})


BITES: Final[dict[Callable[[RawStories], Any], tuple[Doctor, ...]]] = {
    common.accepted_starts_end_once: (an_accepted_execution_is_lost,),
    common.executions_end_as_they_have_to: (an_end_is_missing,),
    common.one_start_is_one_execution: (a_key_is_answered_with_two_executions,),
    common.what_is_asked_is_answered: (a_request_fails,),
    common.results_are_applied_once: (a_result_is_taken_twice,),
    common.completed_activities_have_run: (results_come_from_nowhere,),
    common.effects_come_after_facts: (something_runs_that_was_never_scheduled,),
    common.what_completed_is_undone_once: (something_is_undone_twice,),
    common.accepted_signals_arrive_once: (a_signal_arrives_twice, a_signal_is_lost),
    own.the_journals_can_be_read: (a_record_is_gone, a_record_is_no_record),
    own.commands_are_decided_once: (a_command_is_decided_twice, a_command_is_decided_elsewhere),
    own.histories_have_no_gap: (a_version_is_left_out, a_digest_does_not_chain),
    own.answers_are_given_once: (an_answer_is_given_twice,),
    own.everything_decides_the_same_again: (verification_finds_a_difference, verification_leaves_something_out),
    own.read_models_hold_what_counts: (a_decision_is_missing_in_a_read_model, a_foreign_decision_is_in_a_read_model),
    own.read_models_equal_a_clean_rebuild: (a_row_is_missing,),
    own.all_engines_answer_alike: (an_engine_answers_otherwise, an_engine_knows_of_nothing),
    own.nothing_stays_open: (an_end_is_missing,),
    own.no_dead_letters: (a_letter_is_dead, a_signal_never_came),
    own.activities_are_handed_out_again_only_at_a_takeover: (a_task_is_handed_out_for_no_reason,),
    own.runs_are_repeated_only_for_a_reason: (a_run_is_repeated_for_no_reason,),
    own.attempts_are_lost_only_for_a_reason: (an_attempt_is_lost_for_no_reason,),
    own.results_of_workers_are_taken_in: (a_result_was_never_taken_in,),
    own.processes_end_only_when_killed: (a_process_ended_by_itself, a_process_met_a_bug),
}


def test_every_check_is_shown_to_bite() -> None:
    assert set(BITES) == set(CHECKS)


@pytest.mark.parametrize(("check", "doctor"), [(check, doctor) for check, doctors in BITES.items() for doctor in doctors])
def test_doctored_evidence_is_noticed(outcome: Outcome, check: Callable[[RawStories], Any], doctor: Doctor) -> None:
    assert any(finding.startswith(f"{check.__name__}: ") for finding in audit(doctor(outcome.stories)))


def test_a_foreign_and_a_doubled_decision_are_told_apart_and_count_for_nothing(outcome: Outcome) -> None:
    stories = outcome.stories
    decision = stories.journal.decisions[0]
    doubled = appended(stories, decision, source=-5)
    assert doubled.journal.counts["doubled decisions"] == stories.journal.counts["doubled decisions"] + 1
    record = stories.kafka.topics["journal"][-1]
    claimed = Raw(record.partition, record.offset + 1, record.at, msgspec.msgpack.encode([2, b"another!", "engine-9", 1]))
    foreign = msgspec.msgpack.decode(
        next(one for one in stories.kafka.topics["journal"] if msgspec.msgpack.decode(one.content)[0] == DECIDED).content
    )
    stray = Raw(record.partition, record.offset + 2, record.at, msgspec.msgpack.encode(foreign))
    told = changed(stories, {"journal": [*stories.kafka.topics["journal"], claimed, stray]})
    assert told.journal.counts["foreign decisions"] == stories.journal.counts["foreign decisions"] + 1
    assert len(doubled.journal.decisions) == len(told.journal.decisions) == len(stories.journal.decisions)


def test_a_dead_letter_of_a_signal_that_had_come_before_is_no_finding(outcome: Outcome) -> None:
    stories = outcome.stories
    received = next(story for story in stories.all.values() if story.received)
    told = dead(stories, received.execution, next(iter(received.received)))
    assert list(own.no_dead_letters(told)) == []


def test_effects_name_who_ran_them(outcome: Outcome) -> None:
    effects: tuple[Effect, ...] = outcome.stories.evidence.effects
    assert {effect.worker for effect in effects} <= {"worker-1", "worker-2", "worker-3"}
    assert all(effect.worker for effect in effects)
