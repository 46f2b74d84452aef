"""The report of a chaos run, as text."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator

from .campaign import Outcome
from .evidence import outcomes


def report(outcome: Outcome) -> str:
    """All tables, and the verdict."""
    return "\n".join([*_lines(outcome), "", *_verdict(outcome.findings)])


def _lines(outcome: Outcome) -> Iterator[str]:
    evidence, plan = outcome.evidence, outcome.plan
    who = f"{plan.workers} workers, {plan.callers} clients, lease {plan.lease_s:g} s"
    yield f"seed {plan.seed}, {who}, disk: {outcome.room}, {outcome.seconds:.0f} s"
    yield ""
    yield from _table("faults", Counter(f"{fault.what}: {fault.target}" for fault in evidence.faults))
    yield ""
    yield from _table("executions", Counter(f"{status}" for (_, status), count in outcomes(evidence).items() for _ in range(count)))
    yield ""
    yield from _table("requests", _requests(outcome))
    yield ""
    yield from _table("activities", _activities(outcome))
    yield ""
    yield from _table("journal", Counter({
        "decisions": len(evidence.decisions), "decided again by verify": evidence.verified[1],
        "foreign, not counted": evidence.foreign, "doubled, not counted": evidence.doubled,
    }))  # fmt: skip
    yield ""
    yield from _times(outcome)


def _table(title: str, counts: Counter[str]) -> Iterator[str]:
    yield f"{title:<34}{'count':>9}"
    yield from (f"  {name:<32}{count:>9,}" for name, count in counts.items())


def _requests(outcome: Outcome) -> Counter[str]:
    asked = outcome.evidence.asked
    found: Counter[str] = Counter()
    for sort in ("start", "signal", "steer"):
        found[f"{sort}: accepted"] = sum(one.sort == sort and one.is_accepted for one in asked)
    found["asked again until answered"] = sum(one.tries > 1 for one in asked)
    found["never answered"] = sum(one.status == 0 for one in asked)
    return found


def _activities(outcome: Outcome) -> Counter[str]:
    stories, runs = outcome.stories, outcome.stories.runs
    begun = sum(map(len, runs.values()))
    ended = {effect.run for effect in outcome.evidence.effects if effect.phase != "began"}
    return Counter({
        "results and failures taken in": sum(sum(story.results.values()) for story in stories.all.values()),
        "runs": begun,
        "runs cut short": begun - len(ended),
        "attempts that ran again": sum(len(found) > 1 for found in runs.values()),
        "attempts lost with a lease": sum(len(story.lost) for story in stories.all.values()),
    })  # fmt: skip


def _times(outcome: Outcome) -> Iterator[str]:
    times = sorted(outcome.recoveries_ms)
    if times:
        yield f"server killed until it answers    p50 {statistics.median(times):,.0f} ms, max {times[-1]:,} ms ({len(times)} times)"
    yield f"last fault until all had ended    {outcome.calm_s:.1f} s"


def _verdict(findings: list[str]) -> list[str]:
    if not findings:
        return ["no finding"]
    return [f"{len(findings)} findings:", *(f"- {finding}" for finding in findings)]
