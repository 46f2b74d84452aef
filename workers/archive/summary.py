"""What a bundle holds, in a few figures, from its head and index."""

from __future__ import annotations

from typing import Any

from contracts.times import rfc3339
from workers.archive.bundle import Bundle


def summary_of(name: str, bundle: Bundle, size: int) -> dict[str, Any]:
    """One line of a list of bundles; times are those of the ends of executions."""
    lines, head = bundle.index.executions, bundle.head
    times = [line.ended_at for line in lines]
    return {
        "bundle": name,
        "journal": head.journal,
        "partition": head.partition,
        "executions": len(lines),
        "decisions": sum(line.decisions for line in lines),
        "payloads": len(bundle.index.payloads),
        "bytes": size,
        "first": rfc3339(min(times)) if times else "",
        "last": rfc3339(max(times)) if times else "",
    }
