"""The audit of a run on Kafka. It begins at the raw topics and believes no reader of the engine's; a sentence for each finding.

What holds for executions, activities and signals wherever the log is, is in `tests.chaos.audit`; here is what many processes add.
`test_audit.py` shows for each check that it bites.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Final

import msgspec

from tests.chaos import audit as common
from tests.chaos.evidence import differing
from tests.chaos.processes import Fault
from tests.chaos.workflows import EXPECTED

from .raw import chained
from .stories import COMPLETE, CREATE, SIGNAL, RawStories, began

FINDINGS_MAX: Final = 20
SLACK_MS: Final = 3_000
"""How late a machine under load may notice something."""
EFFECT_MS: Final = 10_000
"""How long after a fault has ended its effect may show: a session, and a rebalance."""
HANDED_OUT_MS: Final = 1_000
"""How long before its first line a run may have been given out."""
EXCUSES: Final = ("two processes are called",)


def audit(stories: RawStories) -> list[str]:
    """All findings; none is what is hoped for."""
    return [f"{check.__name__}: {found}" for check in CHECKS for found in islice(check(stories), FINDINGS_MAX)]


# The journal.


def the_journals_can_be_read(stories: RawStories) -> Iterator[str]:
    """Offsets follow on each other, and all records are of a known sort."""
    yield from stories.journal.problems


def commands_are_decided_once(stories: RawStories) -> Iterator[str]:
    """No command of `commands` is the source of two decisions that count, however many owners it had, and none in a wrong partition."""
    seen: Counter[tuple[int, int]] = Counter()
    for decision in stories.journal.decisions:
        partition, offset, _ = decision.source
        if partition >= 0:
            seen[partition, offset] += 1
            if partition != decision.partition:
                yield f"partition {decision.partition}, offset {decision.offset} decides a command of partition {partition}"
    for (partition, offset), count in seen.items():
        if count > 1:
            yield f"the command at offset {offset} of partition {partition} was decided {count} times"


def histories_have_no_gap(stories: RawStories) -> Iterator[str]:
    """Each execution lives in one partition, its versions follow on each other, and its digests chain."""
    last: dict[str, tuple[int, bytes, int]] = {}
    for decision in stories.journal.decisions:
        version, digest, partition = last.get(decision.execution, (0, b"", decision.partition))
        if decision.execution not in last:
            digest = str(decision.command[3]).encode() if decision.command[0] == CREATE else b""
        if decision.partition != partition:
            yield f"{decision.execution} has decisions in the partitions {partition} and {decision.partition}"
        if decision.first != version + 1:
            yield f"{decision.execution} goes on with version {decision.first}, expected {version + 1}"
        if chained(digest, decision.body) != decision.digest:
            yield f"{decision.execution}: the digest at version {decision.first} does not chain"
        last[decision.execution] = decision.first + len(decision.events) - 1, decision.digest, partition


def answers_are_given_once(stories: RawStories) -> Iterator[str]:
    """What becomes of a record of `commands` is said once, to who sent it. A command whose append was in doubt is there twice."""
    sent: Counter[str] = Counter()
    for record in stories.kafka.topics.get("commands", []):
        if record.content[:1] != b"{":
            sent[msgspec.msgpack.decode(record.content)[0]] += 1
    for source, count in Counter(answer.source for answer in stories.journal.answers).items():
        if count > 1:
            yield f"the command at offset {source[1]} of partition {source[0]} was answered {count} times"
    for command, count in Counter(answer.command for answer in stories.journal.answers).items():
        if count > sent[command]:
            yield f"the command {command} was answered {count} times, and sent {sent[command]} times"


def everything_decides_the_same_again(stories: RawStories) -> Iterator[str]:
    """The engine's own verification finds no difference, in just as many decisions as count."""
    code, decisions = stories.evidence.verified
    if code or decisions != len(stories.journal.decisions):
        yield f"{decisions} of {len(stories.journal.decisions)} decisions were decided again: {stories.evidence.verify_said[:600]}"


# What is read.


def read_models_hold_what_counts(stories: RawStories) -> Iterator[str]:
    """The read models of each engine hold exactly the decisions that count: none foreign, none doubled, none left out."""
    counting: dict[int, list[int]] = defaultdict(list)
    for name, story in stories.all.items():
        counting[stories.partitions[name]] += story.offsets
    for models in stories.kafka.read_models:
        rows = models.found.get("decisions", [])
        held = sorted(offset for _, offsets in rows for offset in offsets)
        wanted = sorted(counting[models.partition])
        if held != wanted:
            extra, missing = sorted(set(held) - set(wanted))[:5], sorted(set(wanted) - set(held))[:5]
            yield f"{models.engine}, partition {models.partition}: counted without counting {extra}, left out {missing}"


def read_models_equal_a_clean_rebuild(stories: RawStories) -> Iterator[str]:
    """The rows of projectors that died with their engines again and again are those of one that never did."""
    for models in stories.kafka.read_models:
        for said in differing(models.found, models.rebuilt):
            yield f"{models.engine}, partition {models.partition}, {said}"
    if not stories.kafka.read_models:
        yield "there are no read models"


def all_engines_answer_alike(stories: RawStories) -> Iterator[str]:
    """Every engine lists every execution, as it stands in the journal."""
    wanted = {name: (story.ends[-1] if story.ends else "running") for name, story in stories.all.items()}
    if not stories.kafka.answered:
        yield "no engine was asked"
    for engine, found in stories.kafka.answered.items():
        for name in wanted.keys() | found.keys():
            if wanted.get(name) != found.get(name):
                yield f"{engine} says that {name} is {found.get(name, 'not there')}, the journal {wanted.get(name, 'does not know it')}"


def nothing_stays_open(stories: RawStories) -> Iterator[str]:
    """What is open in the end waits for ever by its definition."""
    for name, story in stories.all.items():
        if not story.ends and EXPECTED[story.workflow].status != "open":
            yield f"{name} ({story.workflow}) is open in partition {stories.partitions[name]} after {len(story.offsets)} decisions"


# Activities.


def no_dead_letters(stories: RawStories) -> Iterator[str]:
    """Everything that was sent from one execution to another was given to it: by a letter that is dead, or the same one before."""
    for letter in stories.kafka.topics.get("dead-letters", []):
        if not came_before(stories, letter.content):
            yield f"a dead letter: {letter.content[:300]!r}"


def came_before(stories: RawStories, letter: bytes) -> bool:
    """Whether it is a signal that its receiver has: who took over has sent it again, when the receiver had ended."""
    try:
        envelope, *_ = msgspec.msgpack.decode(letter)
        _, execution, (command, signal, *_), *_ = msgspec.msgpack.decode(envelope)
    except (msgspec.DecodeError, ValueError, TypeError):
        return False
    return command == SIGNAL and execution in stories.all and bool(stories.all[execution].received[signal])


def activities_are_handed_out_again_only_at_a_takeover(stories: RawStories) -> Iterator[str]:
    """An attempt is put into its topic again only by a new owner, or where the answer to the first time was lost with a broker."""
    for (key, attempt), records in stories.handed.items():
        for before, after in pairwise(records):
            if cause_of_handing(stories, before.partition, before.at, after.at) is None:
                yield f"{key}, attempt {attempt}, was handed out again after {after.at - before.at} ms, and by no new owner"


def runs_are_repeated_only_for_a_reason(stories: RawStories) -> Iterator[str]:
    """An attempt runs again only where it was handed out again, its worker or what gave it the task was harmed, or its partition moved.

    An owner that has workers at hand over HTTP gives them a task before it is in its topic; whoever takes over puts it there.
    Partitions of activities move when members of the group come and go; what runs then goes on, and begins at the new place too.
    """
    for (key, attempt), cause in repeats(stories):
        if cause is None:
            runs = [(run.worker, run.at) for run in began(stories.runs[key, attempt])]
            yield f"{key}, attempt {attempt}, ran again, and nothing had happened to who ran it: {runs}"


def cause_of_handing(stories: RawStories, partition: int, first: int, second: int) -> str | None:
    """Why an attempt was put into its topic twice."""
    if any(first - EFFECT_MS <= claim.at <= second for claim in stories.claims.get(partition, [])):
        return "takeover"
    if meets(stories, ("broker-", "engine-3"), first - EFFECT_MS, second):
        return "append repeated"
    return None


def repeats(stories: RawStories) -> Iterator[tuple[tuple[str, int], str | None]]:
    """Each run beyond the first of its attempt, with its cause; None where there is none."""
    for place, runs in stories.runs.items():
        ordered = began(runs)
        handed = stories.handed.get(place, [])
        for before, after in pairwise(ordered):
            window = before.at - HANDED_OUT_MS, after.at
            if meets(stories, (before.worker,), *window):
                yield place, "worker harmed"
            elif any(before.at < one.at <= after.at for one in handed):
                yield place, "handed out again"
            elif before.worker in stories.kafka.http_workers and meets(stories, ("engine-1",), *window):
                yield place, "engine of an HTTP worker harmed"
            elif meets(stories, ("worker-", "engine-", "broker-"), before.at - EFFECT_MS, after.at):
                yield place, "partition moved"
            else:
                yield place, None


def meets(stories: RawStories, targets: tuple[str, ...], begin: int, end: int) -> bool:
    """Whether a fault of one of these meets the time."""
    faults: tuple[Fault, ...] = stories.evidence.faults
    return any(fault.at <= end and fault.until + SLACK_MS >= begin and fault.target.startswith(targets) for fault in faults)


def attempts_are_lost_only_for_a_reason(stories: RawStories) -> Iterator[str]:
    """An attempt is given up only where something had happened to a process within two leases."""
    reach = 2 * stories.evidence.lease_ms + SLACK_MS
    for story in stories.all.values():
        for path, attempt, at in story.lost:
            if not meets(stories, ("",), at - reach, at):
                yield f"{story.execution}/{path}, attempt {attempt}, was lost, and nothing had happened to any process"


def results_of_workers_are_taken_in(stories: RawStories) -> Iterator[str]:
    """Whatever came to its end and was reported is in the history, unless nobody waited for it any more."""
    decided = {(decision.execution, decision.command[1], decision.command[2]) for decision in stories.journal.decisions
               if decision.command[0] == COMPLETE}  # fmt: skip
    for record in stories.kafka.topics.get("commands", []):
        if record.content[:1] != b"{":
            continue
        result = json.loads(record.content)
        if "output" not in result:
            continue
        execution, _, rest = str(result["task"]).partition("/")
        path, _, attempt = rest.rpartition("@")
        story = stories.all.get(execution)
        if story is None:
            yield f"a result of {result['task']}, which is in no journal"
        elif not story.ends and (execution, path, int(attempt)) not in decided and EXPECTED[story.workflow].status != "open":
            yield f"the result of {result['task']} was never taken in"


# The processes.


def processes_end_only_when_killed(stories: RawStories) -> Iterator[str]:
    """No process ends by itself; none says that it has met a bug."""
    for found in stories.evidence.exits:
        yield f"{found.name} ended by itself with {found.code}: {found.said[-400:]}"
    for name, said in stories.kafka.logs.items():
        if "Traceback" in said:
            place = said.index("Traceback")
            yield f"{name} said: {said[max(0, place - 300) : place + 2_500]}"


SHARED: Final[tuple[Callable[[RawStories], Iterator[str]], ...]] = (
    common.accepted_starts_end_once,
    common.executions_end_as_they_have_to,
    common.one_start_is_one_execution,
    common.what_is_asked_is_answered,
    common.results_are_applied_once,
    common.completed_activities_have_run,
    common.effects_come_after_facts,
    common.what_completed_is_undone_once,
    common.accepted_signals_arrive_once,
)
"""The rules that hold wherever the log is."""

CHECKS: Final[tuple[Callable[[RawStories], Iterator[str]], ...]] = (
    *SHARED,
    the_journals_can_be_read,
    commands_are_decided_once,
    histories_have_no_gap,
    answers_are_given_once,
    everything_decides_the_same_again,
    read_models_hold_what_counts,
    read_models_equal_a_clean_rebuild,
    all_engines_answer_alike,
    nothing_stays_open,
    no_dead_letters,
    activities_are_handed_out_again_only_at_a_takeover,
    runs_are_repeated_only_for_a_reason,
    attempts_are_lost_only_for_a_reason,
    results_of_workers_are_taken_in,
    processes_end_only_when_killed,
)
