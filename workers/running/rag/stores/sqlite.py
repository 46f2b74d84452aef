"""A store in a file of SQLite: words by its full-text index (BM25), vectors by their products with all others, exactly.

Vectors are read into memory once and kept there while nothing changes them (`matrices.py`): a search then takes one product.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Chunk, Found
from workers.running.rag.stores.matrices import MATRICES, best
from workers.running.rag.stores.store import APPLIED_MAX, Where, check_model, words_of

BUSY_S: Final = 30.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, text TEXT NOT NULL, metadata TEXT NOT NULL,
    vector BLOB
);
CREATE INDEX IF NOT EXISTS chunks_by_source ON chunks (source);
CREATE TABLE IF NOT EXISTS applied (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, result TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words
    USING fts5 (text, content='chunks', content_rowid='number', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER IF NOT EXISTS chunk_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER IF NOT EXISTS chunk_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.number, old.text);
END;
"""
_ROW: Final = "c.id, c.text, c.source, c.metadata"


@contextmanager
def opened(folder: str, name: str) -> Iterator[SqliteStore]:
    """The store of a name in a folder; it is made where it is not there. Raises ActivityError `store.unavailable`, `store.busy`."""
    path = Path(folder) / f"{name}.sqlite"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'chunk_removed'").fetchone():
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            yield SqliteStore(connection, name, path)
    except sqlite3.OperationalError as error:
        is_busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        raise ActivityError("store.busy" if is_busy else "store.unavailable", f"store `{name}`: {error}") from None
    except (sqlite3.DatabaseError, OSError) as error:
        raise ActivityError("store.unavailable", f"store `{name}` at {path.name}: {error}", retryable=False) from None


class SqliteStore:
    """See `Store`."""

    search = "exact, in memory"

    def __init__(self, connection: sqlite3.Connection, name: str, path: Path) -> None:
        self._db, self._name, self._path = connection, name, path

    def applied(self, key: str) -> Any:
        """See `Store`."""
        found = self._db.execute("SELECT result FROM applied WHERE key = ?", (key,)).fetchone()
        return None if found is None else json.loads(found[0])

    def remember(self, key: str, result: Any) -> None:
        """See `Store`."""
        with self._writing(changes=False):
            self._db.execute("INSERT OR IGNORE INTO applied (key, result) VALUES (?, ?)", (key, json.dumps(result)))
            self._db.execute("DELETE FROM applied WHERE number <= (SELECT max(number) FROM applied) - ?", (APPLIED_MAX,))

    def model(self) -> tuple[str, int] | None:
        """See `Store`."""
        found = self._fact("model")
        return None if found is None else (json.loads(found)[0], json.loads(found)[1])

    def use_model(self, model: str | None, dimensions: int) -> None:
        """See `Store`."""
        with self._writing(changes=False):
            if model is not None and check_model(model, dimensions, self.model(), self._name):
                self._db.execute("INSERT INTO facts VALUES ('model', ?)", (json.dumps([model, dimensions]),))

    def known(self, ids: Collection[str], with_vectors: bool) -> set[str]:
        """See `Store`."""
        more = "AND vector IS NOT NULL" if with_vectors else ""
        rows = self._db.execute(f"SELECT id FROM chunks WHERE id IN (SELECT value FROM json_each(?)) {more}", (json.dumps(list(ids)),))
        return {row[0] for row in rows}

    def write(self, chunks: Sequence[Chunk], vectors: Any | None) -> None:
        """See `Store`."""
        rows = [(one.id, one.source, one.text, _json(one.metadata), _blob(vectors, place)) for place, one in enumerate(chunks)]
        with self._writing():
            self._db.executemany("DELETE FROM chunks WHERE id = ?", [(one.id,) for one in chunks])
            self._db.executemany("INSERT INTO chunks (id, source, text, metadata, vector) VALUES (?, ?, ?, ?, ?)", rows)

    def note(self, chunks: Sequence[Chunk]) -> int:
        """See `Store`."""
        rows = [(_json(one.metadata), one.id, _json(one.metadata)) for one in chunks]
        with self._writing(changes=False):
            return self._db.executemany("UPDATE chunks SET metadata = ? WHERE id = ? AND metadata IS NOT ?", rows).rowcount if rows else 0

    def delete(self, ids: Collection[str] | None, where: Where) -> int:
        """See `Store`."""
        said, values = _where(where)
        if ids is not None:
            said, values = f"{said} AND c.id IN (SELECT value FROM json_each(?))", [*values, json.dumps(list(ids))]
        with self._writing():
            count = self._db.execute(f"DELETE FROM chunks AS c WHERE {said}", values).rowcount
            if not self.count():
                self._db.execute("DELETE FROM facts WHERE name = 'model'")
            return count

    def keep_only(self, sources: Collection[str], ids: Collection[str]) -> int:
        """See `Store`."""
        asked = "source IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT value FROM json_each(?))"
        with self._writing():
            return self._db.execute(f"DELETE FROM chunks WHERE {asked}", (json.dumps(list(sources)), json.dumps(list(ids)))).rowcount

    def count(self) -> int:
        """See `Store`."""
        return int(self._db.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def nearest(self, vector: Any, count: int, where: Where) -> list[Found]:
        """See `Store`."""
        if where:
            said, values = _where(where)
            blocks = MATRICES.read(
                self._db.execute(f"SELECT c.number, c.vector FROM chunks c WHERE c.vector IS NOT NULL AND {said}", values)
            )
        else:
            blocks = self._blocks()
        scores = best(blocks, vector, count)
        asked = f"SELECT c.number, {_ROW} FROM chunks c WHERE c.number IN (SELECT value FROM json_each(?))"
        rows = self._db.execute(asked, (json.dumps(list(scores)),)).fetchall()
        found = [Found(_chunk(row[1:]), scores[row[0]], vector=scores[row[0]]) for row in rows]
        return sorted(found, key=lambda one: (-one.score, one.chunk.id))[:count]

    def lexical(self, question: str, count: int, where: Where) -> list[Found]:
        """See `Store`."""
        words = words_of(question)
        if not words:
            return []
        said, values = _where(where)
        asked = (
            f"SELECT -bm25(words), {_ROW} FROM words JOIN chunks c ON c.number = words.rowid "
            f"WHERE words MATCH ? AND {said} ORDER BY bm25(words), c.id LIMIT ?"
        )
        rows = self._db.execute(asked, (" OR ".join(f'"{word}"' for word in words), *values, count))
        return [Found(_chunk(row[1:]), row[0], lexical=row[0]) for row in rows]

    def cosines(self, vector: Any, ids: Collection[str]) -> dict[str, float]:
        """See `Store`."""
        asked = "SELECT id, vector FROM chunks WHERE vector IS NOT NULL AND id IN (SELECT value FROM json_each(?))"
        return {id_: float(np.frombuffer(blob, dtype="<f4") @ vector) for id_, blob in self._db.execute(asked, (json.dumps(list(ids)),))}

    def _blocks(self) -> Any:
        """All vectors: from memory, where nothing has changed since they were read."""
        self._db.execute("BEGIN")
        try:
            place = (str(self._path), self._path.stat().st_ino)
            rows = self._db.execute("SELECT number, vector FROM chunks WHERE vector IS NOT NULL")
            return MATRICES.of(place, self._fact("changes") or "0", lambda: MATRICES.read(rows))
        finally:
            self._db.execute("COMMIT")

    def _fact(self, name: str) -> str | None:
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    @contextmanager
    def _writing(self, changes: bool = True) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if changes:
                asked = "INSERT INTO facts VALUES ('changes', '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
                self._db.execute(asked)
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise


def _where(where: Where) -> tuple[str, list[Any]]:
    """The condition in SQL, and what is bound in it."""
    said, values = ["true"], list[Any]()
    for name, wanted in where.items():
        wanted = wanted if isinstance(wanted, list) else [wanted]
        if name == "source":
            said.append("c.source IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(wanted))
        else:
            either = " OR ".join(_same(one) for one in wanted) or "false"
            said.append(f"EXISTS (SELECT 1 FROM json_each(c.metadata) AS m WHERE m.key = ? AND ({either}))")
            values += [name, *(one for one in wanted if isinstance(one, str | int | float) and not isinstance(one, bool))]
    return " AND ".join(said), values


def _same(wanted: Any) -> str:
    match wanted:
        case None:
            return "m.type = 'null'"
        case bool():
            return f"m.type = '{str(wanted).lower()}'"
        case str():
            return "(m.type = 'text' AND m.value = ?)"
        case _:
            return "(m.type IN ('integer', 'real') AND m.value = ?)"


def _blob(vectors: Any | None, place: int) -> bytes | None:
    return None if vectors is None else bytes(np.asarray(vectors[place], dtype="<f4").tobytes())


def _json(metadata: Any) -> str:
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True)


def _chunk(row: Sequence[Any]) -> Chunk:
    return Chunk(row[0], row[1], row[2], json.loads(row[3]))
