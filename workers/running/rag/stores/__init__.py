"""Where chunks are kept: a file of SQLite in the data folder, or tables in a PostgreSQL of one's own. A further place is a file here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workers.running.rag.stores.store import Store


@contextmanager
def opened(given: Mapping[str, Any]) -> Iterator[Store]:
    """The store `{store, folder, url}`, one connection of it. Raises ActivityError `store.unavailable`, `store.busy`."""
    if given.get("url"):
        from workers.running.rag.stores import postgres

        with postgres.opened(given["url"], given["store"]) as store:
            yield store
    else:
        from workers.running.rag.stores import sqlite

        with sqlite.opened(given["folder"], given["store"]) as store:
            yield store
