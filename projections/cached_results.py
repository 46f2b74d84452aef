"""Cached results as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.ports.result_cache import CachedResult, Use
from contracts.times import rfc3339


def result_value(result: CachedResult) -> dict[str, Any]:
    """An output that is kept, as JSON shows it."""
    return {
        "key": result.key,
        "kind": result.kind,
        "workflow": result.workflow,
        "size": result.size,
        "kept_at": rfc3339(result.kept_at),
        "expires_at": rfc3339(result.expires_at),
        "hits": result.hits,
    }


def use_values(uses: Iterable[Use]) -> list[dict[str, Any]]:
    """How often outputs were used again: `rate` is of all that were asked for and given, from 0 to 1."""
    return [{**use._asdict(), "rate": round(use.hits / (use.hits + use.kept), 4) if use.hits + use.kept else 0.0} for use in uses]
