"""The projector's process on a log of many partitions: told by its server, killed, and with partitions added under it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.files.blobs import MemoryBlobs
from infra.files.data_folder import DataFolder
from infra.log.kafka.log import KafkaLog
from infra.store.sqlite import SqliteReadModels
from projections.executions import executions_where
from projections.registry import READ_MODELS
from tests.kafka.beside import Beside, ends, run, until
from tests.kafka.topics import grow, new_topics
from tests.workers.partitioned import Partitioned
from workers.reading.partitioned_reader import PartitionedReader


@pytest.fixture
def made(broker: str, tmp_path: Path) -> Iterator[Partitioned]:
    with closing(KafkaLog(new_topics(broker, 3))) as log:
        found = Partitioned(3, tmp_path, log)
        for partition in range(3):
            found.start(partition, "chain", f"x{partition}")
        yield found


def listed(made: Partitioned) -> list[str]:
    reader = PartitionedReader(made.log, made.catalog, MemoryBlobs(), made.readers_of)
    try:
        return [one.record.execution for one in reader.find(executions_where())]
    finally:
        reader.close()


def test_one_process_keeps_all_partitions_up_and_is_told_of_each(made: Partitioned) -> None:
    async def story(beside: Beside) -> None:
        await beside.until(lambda: beside.offsets == ends(made))
        assert sorted(listed(made)) == ["x0", "x1", "x2"]
        made.start(1, "waits", "later")
        beside.process.tell(1)
        await beside.until(lambda: beside.offsets == ends(made))
        assert len(listed(made)) == 4

    run(made, story)


def test_a_look_finds_what_nobody_has_told_of_and_partitions_that_were_added(made: Partitioned) -> None:
    async def story(beside: Beside) -> None:
        await beside.look()
        await grow(made.log.address, 5)
        await until(lambda: made.log.look_again() == 5)  # brokers tell it a moment after they have answered
        made.start(2, "waits", "later")
        made.start(4, "chain", "added")
        await beside.look()
        assert beside.offsets == ends(made)
        assert sorted(listed(made)) == ["added", "later", "x0", "x1", "x2"]

    run(made, story)


def test_a_killed_process_is_followed_by_one_that_keeps_the_same_partitions(made: Partitioned) -> None:
    async def story(beside: Beside) -> None:
        beside.process.own([0, 2])
        await beside.look()
        for number in range(3):
            pid = beside.process.pid
            assert pid is not None
            for partition in range(3):
                made.start(partition, "waits", f"w{partition}-{number}")
            os.kill(pid, signal.SIGKILL)
            await beside.look()
            assert beside.process.pid != pid
            assert {one: beside.offsets[one] for one in (0, 2)} == {one: ends(made)[one] for one in (0, 2)}
        assert not [name for name in listed(made) if name.startswith("w1")]
        beside.process.own(None)
        await beside.until(lambda: beside.offsets == ends(made))
        assert len(listed(made)) == 12

    run(made, story)


def test_each_partition_has_a_file_of_its_own(made: Partitioned) -> None:
    async def story(beside: Beside) -> None:
        await beside.look()

    run(made, story)
    folder = DataFolder(made.folder)
    assert sorted(made.folder.glob("projection*.db")) == [folder.projection_of(partition) for partition in range(3)]
    with closing(SqliteReadModels(folder.projection_of(2), READ_MODELS, read_only=True, is_divided=True)) as models:
        assert [record.execution for record in models.select(executions_where())] == ["x2"]
