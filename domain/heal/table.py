"""The table of a suggestion: what recorded executions would be with it, of which what-if tells one by one.

fixed       it had failed, and would complete
goes on     it had failed, and would be tried again, or come to another call: nobody has recorded what that gives
unchanged   it would end as it did
broken      it had not failed, and would end otherwise, give something else, ask for something else, or could not be decided
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

STATES: Final = ("fixed", "goes_on", "unchanged", "broken")
ROWS_MAX: Final = 30
"""So many executions are told of one by one."""
_FAILED: Final = frozenset({"failed", "incident"})


def table_of(compared: dict[str, Any]) -> dict[str, Any]:
    """What `POST /v1/what-if` says, as `{compared, fixed, goes_on, unchanged, broken, rows}`; the rows those that are not unchanged."""
    counts: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for one in compared["executions"]:
        state = _state(one)
        counts[state] += 1
        if state != "unchanged" and len(rows) < ROWS_MAX:
            rows.append({"execution_id": one["execution_id"], "is": state, "before": _end(one["before"]), "after": _after(one)})
    counts["unchanged"] += compared["compared"] - len(compared["executions"])
    return {"compared": compared["compared"], **{state: counts[state] for state in STATES}, "rows": rows}


def _state(one: dict[str, Any]) -> str:
    had_failed, after, verdict = one["before"]["status"] in _FAILED, one["after"], one["verdict"]
    if had_failed:
        if after is None or (verdict != "new_calls" and after["status"] in _FAILED):
            return "unchanged"
        return "fixed" if verdict != "new_calls" and after["status"] == "completed" else "goes_on"
    return "unchanged" if verdict in ("unchanged", "path") else "broken"


def _end(end: dict[str, Any]) -> str:
    return " ".join(one for one in (end["status"], end["outcome"], end["error"]) if one)


def _after(one: dict[str, Any]) -> str:
    if one["after"] is None:
        return f"cannot be decided: {one['reason']}"
    if one["new_calls"]:
        asked = one["new_calls"][0]
        return f"asks {asked['path']} anew"
    return "goes on" if one["after"]["status"] == "running" else _end(one["after"])
