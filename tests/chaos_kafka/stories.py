"""Stories of executions, told from the raw journal: the same as `tests.chaos.story` tells, by other means."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tests.chaos.evidence import Effect, Evidence
from tests.chaos.story import Stories, Story

from .raw import Journal, Raw, RawClaim, RawDecision, Topics

CREATE, SIGNAL, COMPLETE, FAIL, LOSE = 1, 7, 10, 11, 19
"""The tags of commands."""
SCHEDULED, COMPLETED, RECEIVED, CONSUMED, COMPENSABLE = 10, 13, 21, 22, 38
"""The tags of events."""
ENDS: Final = {6: "cancelled", 7: "terminated", 8: "completed", 9: "failed", 31: "quarantined"}
JSON_STARTS: Final = b'{["0123456789tfn-'


class RawStory(Story):
    """One execution, told from arrays."""

    def take_raw(self, decision: RawDecision) -> None:
        """Go on with the next decision."""
        if not self.ends or decision.events:
            self.offsets.append(decision.offset)
        if decision.events:
            self._take_raw_command(decision)
        for event in decision.events:
            self.after_end += bool(self.ends)
            self._take_raw_event(event, decision.command)

    def _take_raw_command(self, decision: RawDecision) -> None:
        tag, *fields = decision.command
        if tag == CREATE:
            self.creations += 1
            self.workflow, content, parent = fields[0], fields[3], fields[5]
            self.given = json.loads(content) if content[:1] and content[:1] in JSON_STARTS else None
            self.tag = self.given.get("tag", "") if isinstance(self.given, dict) else ""
            self.parent = parent[0] if parent is not None else ""
        elif tag in (COMPLETE, FAIL):
            path, attempt, result = fields[:3]
            self.results[path, attempt] += 1
            self.kept_at.setdefault((path, attempt), decision.now)
            if tag == COMPLETE:
                self.outputs[path, attempt] = bytes(result)
        elif tag == LOSE:
            self.lost.append((fields[0], fields[1], decision.now))

    def _take_raw_event(self, event: list[object], command: list[object]) -> None:
        tag, first = event[0], event[1] if len(event) > 1 else None
        if tag == SCHEDULED:
            self.scheduled.add((str(first), int(str(event[2]))))
        elif tag == COMPLETED:
            self.completed[str(first)] += 1
        elif tag == COMPENSABLE:
            self.undoable[str(first)] += 1
        elif tag == RECEIVED:
            self.received[str(command[1])] += 1
        elif tag == CONSUMED:
            self.consumed[int(str(first))] += 1
        elif isinstance(tag, int) and tag in ENDS:
            self.ends.append(ENDS[tag])


class Handed(NamedTuple):
    """A task that was put into a topic of activities."""

    partition: int
    at: int


class ReadModels(NamedTuple):
    """The rows of one engine's read models of one partition: as its projectors left them, and of a clean rebuild."""

    engine: str
    partition: int
    found: dict[str, list[Any]]
    rebuilt: dict[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class KafkaEvidence:
    """What a run left behind, besides what every chaos run does."""

    topics: Topics
    read_models: tuple[ReadModels, ...]
    answered: dict[str, dict[str, str]]
    """What each engine answered in the end about each execution: its status."""
    logs: dict[str, str]
    """What each process said."""
    http_workers: frozenset[str]
    """The workers whose tasks an engine hands out."""


class RawStories(Stories):
    """All executions of a run on Kafka, with what is around them."""

    def __init__(self, evidence: Evidence, kafka: KafkaEvidence, journal: Journal) -> None:
        self.evidence, self.kafka, self.journal = evidence, kafka, journal
        self.all: dict[str, Story] = {}
        self.partitions: dict[str, int] = {}
        for decision in journal.decisions:
            story = self.all.setdefault(decision.execution, RawStory(decision.execution))
            assert isinstance(story, RawStory)
            self.partitions[decision.execution] = decision.partition
            story.take_raw(decision)
        self.handed = handed(kafka.topics)
        self.claims = by_partition(journal.claims)


def by_partition(claims: list[RawClaim]) -> dict[int, list[RawClaim]]:
    """The claims of each partition, in order."""
    found: dict[int, list[RawClaim]] = defaultdict(list)
    for claim in claims:
        found[claim.partition].append(claim)
    return found


def handed(topics: Topics) -> dict[tuple[str, int], list[Handed]]:
    """When each attempt was put into a topic of activities, by idempotency key and attempt."""
    found: dict[tuple[str, int], list[Handed]] = defaultdict(list)
    for name, records in topics.items():
        if name.startswith("activities."):
            for record in records:
                task = json.loads(record.content)
                found[task["idempotency_key"], task["attempt"]].append(Handed(record.partition, record.at))
    return found


def moments(records: list[Raw]) -> list[int]:
    """When records were appended."""
    return [record.at for record in records]


def began(runs: list[Effect]) -> list[Effect]:
    """The runs of an attempt in the order in which they began."""
    return sorted(runs, key=lambda run: run.at)
