"""`cluster`: the processes that share a log, as a server of it knows them."""

from __future__ import annotations

from typing import Any, Final

from refold.cli.commands.output import OK, say, say_json, seconds, table, to_the_second
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

NOTHING: Final = "-"


def cluster(where: Where, as_json: bool) -> int:
    """Processes, partitions, workers."""
    found = target_of(where).cluster()
    if as_json:
        say_json(found)
        return OK
    table(("NODE", "STATE", "ROLES", "ADDRESS", "SINCE", "LAST HEARD"), [_process(row, found["leader"]) for row in found["processes"]])
    say()
    headers = ("PARTITION", "OWNER", "EPOCH", "POSITION", "LAG", "OPEN", "TAKEN OVER", "TOOK")
    table(headers, [_partition(row) for row in found["partitions"]])
    if found["workers"]:
        say()
        table(("WORKER", "STATE", "RUNNING", "LAST SEEN", "AT", "QUEUES", "KINDS"), [_worker(row) for row in found["workers"]])
    return OK


def _process(row: Value, leader: str | None) -> tuple[str, ...]:
    state = f"{row['state']}, leads" if row["node"] == leader and row["state"] == "alive" else row["state"]
    return (row["node"], state, ", ".join(row["roles"]), row["address"], _time(row["since"]), _time(row["last_heard"]))


def _partition(row: Value) -> tuple[str, ...]:
    numbers = (_shown(row[name]) for name in ("epoch", "position", "lag", "open"))
    took = NOTHING if row["takeover_ms"] is None else seconds(row["takeover_ms"])
    return (str(row["partition"]), _owner(row), *numbers, _time(row["claimed_at"]), took)


def _owner(row: Value) -> str:
    """Who owns a partition, and who is to, if that is somebody else."""
    owner, assigned = row["owner"], row["assigned_to"]
    return _shown(owner) if owner == assigned or assigned is None else f"{_shown(owner)} -> {assigned}"


def _worker(row: Value) -> tuple[str, ...]:
    state, seen = "connected" if row["connected"] else "lost", _time(row["last_seen"])
    return (row["worker"], state, str(row["running"]), seen, row["node"], ", ".join(row["queues"]), ", ".join(row["kinds"]))


def _shown(value: Any) -> str:
    return NOTHING if value is None else str(value)


def _time(text: str | None) -> str:
    return to_the_second(text) or NOTHING
