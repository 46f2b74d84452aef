"""The report of a chaos run on Kafka, as text."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from tests.chaos.processes import Fault
from tests.chaos.report import _table, _verdict

from .audit import came_before, repeats
from .campaign import Outcome
from .stories import RawStories

STOOD_DOWN = re.compile(r"partition (\d+): stood down: (.*)")


def report(outcome: Outcome) -> str:
    """All tables, and the verdict."""
    return "\n".join([*_lines(outcome), "", *_verdict(outcome.findings)])


def _lines(outcome: Outcome) -> Iterator[str]:
    stories, plan = outcome.stories, outcome.plan
    who = f"3 engines, 3 workers, 3 brokers, {plan.partitions} partitions, {plan.callers} clients, session {plan.session_s:g} s"
    yield f"seed {plan.seed}, {who}, {outcome.seconds:.0f} s"
    if not outcome.has_network:
        yield "NOT RUN: no network namespace could be made here, so no engine was cut from the brokers"
    yield ""
    faults = stories.evidence.faults
    yield from _table("faults", _sorted(f"{fault.what}: {fault.target.partition('-')[0]}" for fault in faults))
    yield ""
    yield from _table("executions", _sorted("+".join(story.ends) or "open" for story in stories.all.values()))
    yield ""
    yield from _table("requests", _requests(outcome))
    yield ""
    yield from _table("journal", _journal(stories))
    yield ""
    yield from _table("stood down because", _stand_downs(stories))
    yield ""
    yield from _table("activities", _activities(stories))
    yield ""
    yield from _times(outcome)


def _sorted(names: Iterator[str]) -> Counter[str]:
    return Counter(dict(sorted(Counter(names).items())))


def _requests(outcome: Outcome) -> Counter[str]:
    asked = outcome.stories.evidence.asked
    found: Counter[str] = Counter()
    for sort in ("start", "signal", "steer"):
        found[f"{sort}: accepted"] = sum(one.sort == sort and one.is_accepted for one in asked)
    found["asked again until answered"] = sum(one.tries > 1 for one in asked)
    found["never answered"] = sum(one.status == 0 for one in asked)
    return found


def _journal(stories: RawStories) -> Counter[str]:
    journal = stories.journal
    letters = stories.kafka.topics.get("dead-letters", [])
    return Counter({
        "decisions": len(journal.decisions), "decided again by verify": stories.evidence.verified[1], "claims": len(journal.claims),
        "answers": len(journal.answers), "foreign decisions, not counted": journal.counts["foreign decisions"],
        "doubled decisions, not counted": journal.counts["doubled decisions"],
        "foreign answers, not counted": journal.counts["foreign answers"],
        "dead letters of signals that had come": sum(came_before(stories, one.content) for one in letters),
    })  # fmt: skip


def _stand_downs(stories: RawStories) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, said in stories.kafka.logs.items():
        if name.startswith("engine-"):
            found.update(_reason(match.group(2)) for match in STOOD_DOWN.finditer(said))
    return Counter(dict(found.most_common()))


def _reason(said: str) -> str:
    """Without the numbers that differ."""
    return re.sub(r"\d+", "N", said)[:90]


def _activities(stories: RawStories) -> Counter[str]:
    runs = stories.runs
    begun = sum(map(len, runs.values()))
    ended = {effect.run for effect in stories.evidence.effects if effect.phase != "began"}
    found = Counter({
        "results and failures taken in": sum(sum(story.results.values()) for story in stories.all.values()),
        "handed out": sum(map(len, stories.handed.values())), "handed out again": sum(len(one) - 1 for one in stories.handed.values()),
        "runs": begun, "runs cut short": begun - len(ended),
        "attempts lost with a lease": sum(len(story.lost) for story in stories.all.values()),
    })  # fmt: skip
    for _, cause in repeats(stories):
        found[f"ran again: {cause or 'no cause'}"] += 1
    return found


def takeovers_ms(stories: RawStories) -> tuple[list[int], list[int]]:
    """From the kill of an owner until the first decision of the next, a partition each; those met by no further fault, and the others."""
    calm: list[int] = []
    disturbed: list[int] = []
    for fault in stories.evidence.faults:
        if fault.what != "kill" or not fault.target.startswith("engine-"):
            continue
        for decided_at in _next_decisions(stories, fault):
            others = [one for one in stories.evidence.faults if one is not fault and not one.target.startswith("worker-")]
            is_met = any(one.at <= decided_at and one.until >= fault.at for one in others)
            (disturbed if is_met else calm).append(decided_at - fault.at)
    return sorted(calm), sorted(disturbed)


def _next_decisions(stories: RawStories, fault: Fault) -> Iterator[int]:
    """When the partitions of an engine that was killed went on."""
    for partition, claims in stories.claims.items():
        before = [claim for claim in claims if claim.at <= fault.at]
        after = [claim for claim in claims if claim.at > fault.at]
        if before and before[-1].node == fault.target and after:
            moments = [one.at for one in stories.journal.decisions if one.partition == partition and one.offset > after[0].offset]
            yield from islice(sorted(moments), 1)


def _times(outcome: Outcome) -> Iterator[str]:
    for times, when in zip(takeovers_ms(outcome.stories), ("", ", others harmed too"), strict=True):
        if times:
            found = f"p50 {statistics.median(times):,.0f} ms, max {times[-1]:,} ms ({len(times)} times)"
            yield f"owner killed until the next decides{when}    {found}"
    yield f"last fault until all had ended         {outcome.calm_s:.1f} s"
    decided = [decision.at for decision in outcome.stories.journal.decisions]
    for what, begin, end in (("before", outcome.load_at, outcome.faults_at), ("during", outcome.faults_at, outcome.calm_at)):
        count, seconds = sum(begin <= at < end for at in decided), (end - begin) / 1000
        yield f"decisions a second {what} the faults    {count / max(seconds, 0.001):.0f}"
