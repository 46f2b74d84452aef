"""The result cache: outputs of activities by what went in, each for a time.

The key is a hash of the kind, its config, its input and the node's own cache key, so a change of any of them is another
result. A cache can be lost at any time: it saves work and holds no truth.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from contracts.commands import RunActivity
from contracts.ports.result_cache import ResultCache

ENTRIES_MAX_DEFAULT: Final = 10_000
OUTPUT_BYTES_MAX_DEFAULT: Final = 1024 * 1024
"""A larger output is not kept."""

_log: Final = logging.getLogger("refold.activity")


def cache_key(activity: RunActivity) -> str:
    """What a result depends on, as 64 hex digits."""
    digest = hashlib.sha256()
    own_key = activity.caching.key if activity.caching else None
    for part in (activity.kind.encode(), activity.config, activity.input, own_key or b""):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def cached(cache: ResultCache | None, activity: RunActivity) -> bytes | None:
    """What the cache has for an activity that asks for it; a cache that fails is as good as an empty one."""
    if cache is None or activity.caching is None:
        return None
    try:
        return cache.get(cache_key(activity))
    except Exception:
        _log.exception("the result cache cannot be read")
        return None


def keep(cache: ResultCache | None, activity: RunActivity, output: bytes) -> None:
    """Put in the cache what an activity gave, if it asks for that."""
    if cache is None or activity.caching is None:
        return
    try:
        cache.put(cache_key(activity), activity.kind, output, activity.caching.ttl_ms, activity.workflow)
    except Exception:
        _log.exception("the result cache cannot be written")
