"""What a version would have made of recorded executions, as JSON shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.replay.what_if import VERDICTS, Comparison, Tally


def comparisons_value(
    workflow: str, version: int, hash_: str, against: str, comparisons: Sequence[Comparison], most: int
) -> dict[str, Any]:
    """All of them added up, and those that are not unchanged one by one, `most` at most. Version 0 is one that is not published."""
    tally = Tally()
    tally.add(comparisons)
    changed = [one for one in comparisons if one.verdict != "unchanged"]
    return {
        "workflow": workflow,
        "version": version or None,
        "hash": hash_,
        "against": against,
        "compared": tally.total,
        "verdicts": {verdict: tally.verdicts[verdict] for verdict in VERDICTS},
        "new_calls": [{"node": node, "name": name, "why": why, "count": count} for (node, name, why), count in tally.new.most_common()],
        "vanished_calls": [{"node": node, "name": name, "count": count} for (node, name), count in tally.vanished.most_common()],
        "executions": [comparison_value(one) for one in changed[:most]],
    }


def comparison_value(one: Comparison) -> dict[str, Any]:
    """One of them."""
    return {
        "execution_id": one.execution,
        "verdict": one.verdict,
        "before": one.before._asdict(),
        "after": None if one.after is None else one.after._asdict(),
        "first_difference": None if one.first is None else one.first.path,
        "new_calls": [{**new.call._asdict(), "why": new.why} for new in one.new],
        "vanished_calls": [call._asdict() for call in one.vanished],
        "refused": [refused._asdict() for refused in one.refused],
        "reason": one.reason or None,
    }
