"""Read models in a PostgreSQL that all share: killed in the middle of a transaction, two at once, and a database that crashes."""

from __future__ import annotations

import os
import re
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.errors import LogError, LogUnreachable
from contracts.journal import Checkpoint
from contracts.ports.read_models import ReadModels
from infra.files.blobs import MemoryBlobs
from infra.log.kafka.log import KafkaLog
from infra.log.sqlite import SqliteLog
from infra.server.reader_wiring import open_projectors
from infra.settings.model import EngineSettings
from infra.store.postgres import models_in
from infra.store.postgres_database import schema_of
from infra.store.statements import stored_name
from projections.executions import executions_where
from projections.incidents import INCIDENTS, incidents_where
from projections.incidents import READ_MODEL as INCIDENT_ROWS
from projections.registry import READ_MODELS
from tests.conftest import no_postgres
from tests.kafka.beside import Beside, ends, run, until
from tests.kafka.topics import new_topics
from tests.ports.test_read_models import record, save, shown
from tests.postgres import NoPostgres, Postgres
from tests.workers.partitioned import Partitioned
from workers.reading.partitioned_reader import PartitionedReader
from workers.reading.projector_pool import ProjectorPool
from workers.reading.trails import trail_of


@pytest.fixture
def made(broker: str, tmp_path: Path) -> Iterator[Partitioned]:
    with closing(KafkaLog(new_topics(broker, 2))) as log:
        found = Partitioned(2, tmp_path, log)
        for partition in range(2):
            for number in range(3):
                found.start(partition, ("chain", "stuck", "waits")[number], f"x{partition}-{number}")
        yield found


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A database that a test may crash."""
    try:
        postgres = Postgres()
    except NoPostgres as error:
        no_postgres(error)
    yield postgres
    postgres.close()


def rows(models_of: Callable[[int], ReadModels]) -> list[Any]:
    """Everything that is stored."""
    found: list[Any] = []
    for partition in range(2):
        with closing(models_of(partition)) as models:
            found += [models.standing(model.name) for model in READ_MODELS]
            executions = models.select(executions_where(limit=1_000))
            found += [(one, trail_of(models, one), models.belonging(INCIDENTS, one.number)) for one in executions]
    return found


def rebuilt(made: Partitioned) -> list[Any]:
    """The same of a clean rebuild, in files."""
    projectors = ProjectorPool(made.log, made.catalog, made.models_of, lambda *_: None)
    projectors.look_at_all()
    projectors.close()
    return rows(made.readers_of)


def stored(made: Partitioned, url: str) -> Callable[[int], ReadModels]:
    return models_in(url, made.log.address.prefix, READ_MODELS, read_only=True)


def test_the_rows_in_a_database_are_those_in_files(made: Partitioned, postgres_url: str) -> None:
    async def story(beside: Beside) -> None:
        await beside.until(lambda: beside.offsets == ends(made))

    run(made, story, postgres_url)
    assert rows(stored(made, postgres_url)) == rebuilt(made)
    reader = PartitionedReader(made.log, made.catalog, MemoryBlobs(), stored(made, postgres_url))
    assert len(reader.find(executions_where())) == 6
    assert len(reader.find(incidents_where(is_open=True))) == 2
    reader.close()
    assert not list(made.folder.glob("projection*.db-journal"))


def test_a_projector_that_is_killed_in_the_middle_of_a_transaction_leaves_nothing_of_it(made: Partitioned, postgres_url: str) -> None:
    """It waits for a lock on the incidents when it is killed, and has written its executions by then."""
    schema = schema_of(made.log.address.prefix)

    async def story(beside: Beside) -> None:
        beside.process.own([])
        await beside.until(lambda: beside.offsets == {0: 0, 1: 0})
        models_in(postgres_url, made.log.address.prefix, READ_MODELS, read_only=False)(0).reset()  # makes the tables
        for _ in range(3):
            restarts = beside.process.restarts
            with psycopg.connect(postgres_url) as held:
                held.execute(f'LOCK TABLE "{schema}".{stored_name(INCIDENTS, INCIDENT_ROWS.version)} IN EXCLUSIVE MODE'.encode())
                beside.process.own([0, 1])
                await until(lambda: is_waiting(postgres_url, schema))
                assert beside.process.pid is not None
                beside.process.own([])
                os.kill(beside.process.pid, signal.SIGKILL)
            await beside.look()
            assert beside.process.restarts == restarts + 1
            assert [len(one) for one in map(list_of, map(stored(made, postgres_url), range(2)))] == [0, 0]
        beside.process.own(None)
        await beside.until(lambda: beside.offsets == ends(made))

    run(made, story, postgres_url)
    assert rows(stored(made, postgres_url)) == rebuilt(made)


def list_of(models: ReadModels) -> list[Any]:
    return list(models.select(executions_where()))


def is_waiting(url: str, schema: str) -> bool:
    """Whether somebody waits for the lock on the incidents."""
    with psycopg.connect(url) as connection:
        table = stored_name(INCIDENTS, INCIDENT_ROWS.version)
        query = f"SELECT 1 FROM pg_locks WHERE relation = '\"{schema}\".{table}'::regclass AND NOT granted"
        return connection.execute(query.encode()).fetchone() is not None


def test_two_projectors_of_the_same_partitions_add_up_to_the_same_rows(made: Partitioned, postgres_url: str) -> None:
    async def story(one: Beside, other: Beside) -> None:
        for number in range(10):
            made.start(number % 2, ("waits", "stuck")[number % 2], f"more-{number}")
            one.process.tell(number % 2)
            other.process.tell(number % 2)
            if number % 3 == 0:
                await one.look()
        for beside in (one, other):
            await beside.look()
            assert beside.offsets == ends(made)
            assert beside.process.restarts == 0

    run(made, story, postgres_url, processes=2)
    assert rows(stored(made, postgres_url)) == rebuilt(made)


def test_a_database_that_crashes_is_waited_for_by_the_same_projector_and_reader(made: Partitioned, own_postgres: Postgres) -> None:
    reader = PartitionedReader(made.log, made.catalog, MemoryBlobs(), stored(made, own_postgres.url))

    async def story(beside: Beside) -> None:
        await beside.until(lambda: beside.offsets == ends(made))
        assert len(reader.find(executions_where())) == 6
        pid = beside.process.pid
        own_postgres.kill()
        made.start(0, "waits", "meanwhile")
        beside.process.tell(0)
        with pytest.raises(LogUnreachable, match="cannot be read"):
            reader.find(executions_where())
        own_postgres.start()
        await beside.until(lambda: beside.offsets == ends(made))
        assert len(reader.find(executions_where())) == 7
        assert (beside.process.pid, beside.process.restarts) == (pid, 0)
        own_postgres.kill()
        own_postgres.start()
        assert len(reader.find(executions_where())) == 7  # the connection was lost, and nobody is told

    run(made, story, own_postgres.url)
    assert rows(stored(made, own_postgres.url)) == rebuilt(made)
    reader.close()


def test_rows_of_a_later_build_lie_beside_those_of_this_one(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = f"test-{secrets.token_hex(6)}"
    with closing(models_in(postgres_url, prefix, READ_MODELS, read_only=False)(0)) as ours:
        save(ours, record(1))
        with monkeypatch.context() as later:
            later.setattr("infra.store.postgres_database.LAYOUT", 4)
            with closing(models_in(postgres_url, prefix, READ_MODELS, read_only=False)(0)) as theirs:
                assert theirs.checkpoint("executions") == Checkpoint()
                save(theirs, record(2))
        assert shown(ours) == [1]


def test_a_transaction_that_stands_still_is_ended_by_the_database(postgres_url: str) -> None:
    """A frozen projector must not keep its partition from the others for ever."""
    with closing(models_in(postgres_url, f"test-{secrets.token_hex(6)}", READ_MODELS, read_only=False)(0)) as models:
        models.reset()
        connection = models._database.connection
        settings = ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout")
        assert [connection.execute(f"SHOW {name}".encode()).fetchone() for name in settings] == [("10s",), ("15s",), ("1min",)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"read_models": "postgresql://[half"}, "the read models are named postgresql://"),
        ({"read_models": "postgresql:///refold", "log": None}, "read models in PostgreSQL are those of a log on Kafka"),
    ],
)
def test_read_models_that_cannot_be_used_are_refused(made: Partitioned, settings: dict[str, Any], said: str) -> None:
    SqliteLog(made.folder / "log.db").close()
    given = EngineSettings(**{"data": made.folder, "log": str(made.log.address), **settings})
    with pytest.raises(LogError, match=said), open_projectors(given, lambda *_: None):
        pass


def test_an_error_names_the_database_and_not_its_password() -> None:
    models = models_in("postgresql://ada:secret@127.0.0.1:1/orders", "refold", READ_MODELS, read_only=True)(0)
    with pytest.raises(LogUnreachable, match=re.escape("host=127.0.0.1 port=1 dbname=orders, schema refold_3")) as error:
        models.checkpoint("executions")
    assert "secret" not in str(error.value)
