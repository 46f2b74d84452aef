"""A store in tables of a PostgreSQL: words by its full-text search, vectors by pgvector where that extension can be had, else in SQL.

Both compare a vector with all others, exactly. Without pgvector the products are sums over `real[]`: right, and slow beyond some thousand
chunks (`docs/how-to/answer-from-documents.md` has figures).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Chunk, Found
from workers.running.rag.stores.store import APPLIED_MAX, Where, check_model, words_of

CONNECT_S: Final = 10
_LOCK: Final = 0x7265666F6C64
"""Under this number the tables are made, by one at a time."""
_TABLES: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS refold_stores (store text PRIMARY KEY, model text NOT NULL, dimensions integer NOT NULL);
CREATE TABLE IF NOT EXISTS refold_applied (
    number bigserial PRIMARY KEY, store text NOT NULL, key text NOT NULL, result jsonb NOT NULL, UNIQUE (store, key)
);
CREATE TABLE IF NOT EXISTS refold_chunks (
    store text NOT NULL, id text NOT NULL, source text NOT NULL, text text NOT NULL, metadata jsonb NOT NULL, vector {vector},
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED,
    PRIMARY KEY (store, id)
);
CREATE INDEX IF NOT EXISTS refold_chunks_by_source ON refold_chunks (store, source);
CREATE INDEX IF NOT EXISTS refold_chunks_by_words ON refold_chunks USING gin (words);
"""
_ROW: Final[LiteralString] = "c.id, c.text, c.source, c.metadata"
_BY_EXTENSION: Final[LiteralString] = "1 - (c.vector <=> %s::text::vector)"
_BY_SUMS: Final[LiteralString] = "(SELECT sum(one * other) FROM unnest(c.vector, %s::text::real[]) AS both_of (one, other))"


@contextmanager
def opened(url: str, name: str) -> Iterator[PostgresStore]:
    """The store of a name in the database. Raises ActivityError `store.unavailable`."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S) as connection:
            yield PostgresStore(connection, name, _has_extension(connection))
    except (psycopg.ProgrammingError, psycopg.DataError) as error:
        raise ActivityError("store.unavailable", f"store `{name}`: {error}", retryable=False) from None
    except psycopg.Error as error:
        raise ActivityError("store.unavailable", f"store `{name}`: {error}") from None


def _has_extension(db: psycopg.Connection[Any]) -> bool:
    """Whether vectors are those of pgvector. The tables are made where they are not there."""
    kind = _kind_of_vectors(db)
    if kind is None:
        with suppress(psycopg.Error):
            db.execute("CREATE EXTENSION IF NOT EXISTS vector")
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            has = db.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone()
            db.execute(sql.SQL(_TABLES).format(vector=sql.SQL("vector") if has else sql.SQL("real[]")))
        kind = _kind_of_vectors(db)
    return kind == "vector"


def _kind_of_vectors(db: psycopg.Connection[Any]) -> str | None:
    asked = "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = to_regclass('refold_chunks') AND attname = 'vector'"
    found = db.execute(asked).fetchone()
    return None if found is None else str(found[0]).rpartition(".")[2]


class PostgresStore:
    """See `Store`."""

    def __init__(self, connection: psycopg.Connection[Any], name: str, has_extension: bool) -> None:
        self._db, self._name = connection, name
        self._cosine: LiteralString = _BY_EXTENSION if has_extension else _BY_SUMS
        self._as: LiteralString = "%s::text::vector" if has_extension else "%s::text::real[]"
        self._brackets = "[]" if has_extension else "{}"
        self.search = "exact, by pgvector" if has_extension else "exact, by sums in SQL: there is no pgvector"

    def applied(self, key: str) -> Any:
        """See `Store`."""
        found = self._db.execute("SELECT result FROM refold_applied WHERE store = %s AND key = %s", (self._name, key)).fetchone()
        return None if found is None else found[0]

    def remember(self, key: str, result: Any) -> None:
        """See `Store`."""
        self._db.execute("INSERT INTO refold_applied (store, key, result) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                         (self._name, key, Jsonb(result)))  # fmt: skip
        asked = "DELETE FROM refold_applied WHERE store = %s AND number <= (SELECT max(number) FROM refold_applied WHERE store = %s) - %s"
        self._db.execute(asked, (self._name, self._name, APPLIED_MAX))

    def model(self) -> tuple[str, int] | None:
        """See `Store`."""
        found = self._db.execute("SELECT model, dimensions FROM refold_stores WHERE store = %s", (self._name,)).fetchone()
        return None if found is None else (str(found[0]), int(found[1]))

    def use_model(self, model: str | None, dimensions: int) -> None:
        """See `Store`."""
        if model is not None and check_model(model, dimensions, self.model(), self._name):
            self._db.execute("INSERT INTO refold_stores VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (self._name, model, dimensions))
            check_model(model, dimensions, self.model(), self._name)

    def known(self, ids: Collection[str], with_vectors: bool) -> set[str]:
        """See `Store`."""
        asked = "SELECT id FROM refold_chunks WHERE store = %s AND id = ANY(%s) AND (NOT %s OR vector IS NOT NULL)"
        return {row[0] for row in self._db.execute(asked, (self._name, list(ids), with_vectors))}

    def write(self, chunks: Sequence[Chunk], vectors: Any | None) -> None:
        """See `Store`."""
        asked = sql.SQL(
            "INSERT INTO refold_chunks (store, id, source, text, metadata, vector) VALUES (%s, %s, %s, %s, %s, {vector}) "
            "ON CONFLICT (store, id) DO UPDATE SET metadata = excluded.metadata, vector = excluded.vector"
        ).format(vector=sql.SQL(self._as))
        rows = [
            (self._name, one.id, one.source, one.text, Jsonb(one.metadata), None if vectors is None else self._text(vectors[place]))
            for place, one in enumerate(chunks)
        ]
        with self._db.transaction(), self._db.cursor() as cursor:
            cursor.executemany(asked, rows)

    def note(self, chunks: Sequence[Chunk]) -> int:
        """See `Store`."""
        asked = "UPDATE refold_chunks SET metadata = %s WHERE store = %s AND id = %s AND metadata <> %s"
        with self._db.transaction(), self._db.cursor() as cursor:
            cursor.executemany(asked, [(Jsonb(one.metadata), self._name, one.id, Jsonb(one.metadata)) for one in chunks])
            return max(cursor.rowcount, 0)

    def delete(self, ids: Collection[str] | None, where: Where) -> int:
        """See `Store`."""
        said, values = _where(where)
        asked = sql.SQL("DELETE FROM refold_chunks c WHERE c.store = %s AND (%s::text[] IS NULL OR c.id = ANY(%s)) AND ") + said
        with self._db.transaction():
            count = self._db.execute(asked, (self._name, None if ids is None else list(ids), list(ids or ()), *values)).rowcount
            if not self.count():
                self._db.execute("DELETE FROM refold_stores WHERE store = %s", (self._name,))
        return count

    def keep_only(self, sources: Collection[str], ids: Collection[str]) -> int:
        """See `Store`."""
        asked = "DELETE FROM refold_chunks WHERE store = %s AND source = ANY(%s) AND NOT id = ANY(%s)"
        return self._db.execute(asked, (self._name, list(sources), list(ids))).rowcount

    def count(self) -> int:
        """See `Store`."""
        found = self._db.execute("SELECT count(*) FROM refold_chunks WHERE store = %s", (self._name,)).fetchone()
        return 0 if found is None else int(found[0])

    def nearest(self, vector: Any, count: int, where: Where) -> list[Found]:
        """See `Store`."""
        said, values = _where(where)
        asked = sql.SQL(
            "SELECT score, {row} FROM (SELECT *, {cosine} AS score FROM refold_chunks c "
            "WHERE store = %s AND vector IS NOT NULL AND {said}) c ORDER BY score DESC, id LIMIT %s"
        ).format(row=sql.SQL(_ROW), cosine=sql.SQL(self._cosine), said=said)
        rows = self._db.execute(asked, (self._text(vector), self._name, *values, count))
        return [Found(_chunk(row[1:]), float(row[0]), vector=float(row[0])) for row in rows]

    def lexical(self, question: str, count: int, where: Where) -> list[Found]:
        """See `Store`."""
        words = words_of(question)
        if not words:
            return []
        said, values = _where(where)
        asked = sql.SQL(
            "SELECT ts_rank_cd(c.words, q) AS rank, {row} FROM refold_chunks c, to_tsquery('simple', %s) q "
            "WHERE c.store = %s AND c.words @@ q AND {said} ORDER BY rank DESC, c.id LIMIT %s"
        ).format(row=sql.SQL(_ROW), said=said)
        rows = self._db.execute(asked, (" | ".join(f"'{word}'" for word in words), self._name, *values, count))
        return [Found(_chunk(row[1:]), float(row[0]), lexical=float(row[0])) for row in rows]

    def cosines(self, vector: Any, ids: Collection[str]) -> dict[str, float]:
        """See `Store`."""
        asked = sql.SQL("SELECT c.id, {cosine} FROM refold_chunks c WHERE c.store = %s AND c.id = ANY(%s) AND c.vector IS NOT NULL")
        rows = self._db.execute(asked.format(cosine=sql.SQL(self._cosine)), (self._text(vector), self._name, list(ids)))
        return {row[0]: float(row[1]) for row in rows}

    def _text(self, vector: Any) -> str:
        return self._brackets[0] + ",".join(map(repr, vector.tolist())) + self._brackets[1]


def _where(where: Where) -> tuple[sql.Composed, list[Any]]:
    """The condition in SQL, and what is bound in it."""
    said, values = [sql.SQL("true")], list[Any]()
    for name, wanted in where.items():
        wanted = wanted if isinstance(wanted, list) else [wanted]
        if name == "source":
            said.append(sql.SQL("c.source = ANY(%s)"))
            values.append([one for one in wanted if isinstance(one, str)])
        else:
            said.append(sql.SQL("c.metadata @> ANY(%s::jsonb[])"))
            values.append([json.dumps({name: one}) for one in wanted])
    return sql.SQL(" AND ").join(said), values


def _chunk(row: Sequence[Any]) -> Chunk:
    return Chunk(row[0], row[1], row[2], row[3])
