"""Records that are no task are kept elsewhere and then done; those of another version are not done, and in nobody's way."""

from __future__ import annotations

import pytest

from refold.kafka.buffer import LEFT_BEHIND_MAX, LEFT_MAX
from tests.cluster.junk import NEWER_TASK, junk_for
from tests.kafka.test_worker_parts import PLAIN, TaskEndpoint, ready, task_of


def task_endpoint() -> tuple[TaskEndpoint, list[int]]:
    """A reader of one partition, and the offsets that were said to be no task; they are kept when a test says so."""
    reader = ready(PLAIN, keeps=False)
    reader.room = 10
    return reader, reader.unreadable


@pytest.mark.parametrize("number", range(len(junk_for("activities"))))
def test_what_is_no_task_is_told_and_done_when_it_is_kept(number: int) -> None:
    content = junk_for("activities")[number]
    reader, found = task_endpoint()
    tasks = reader.partitions[PLAIN]
    reader.buffer.read(tasks, 0, content)
    reader.buffer.read(tasks, 1, task_of("a"))
    reader.buffer.give_out()
    if b'"e/p@1"' in content:  # its head can be read; who is to run it finds out
        reader.buffer.refuse("e/p@1", "it has no kind")
    reader.buffer.done("a/n@1")
    assert found == [0]
    assert tasks.offsets.lowest == 0
    reader.buffer.finish(tasks.key, 0)
    assert tasks.offsets.lowest == 2


def test_a_task_of_another_version_is_left_and_what_comes_behind_it_runs() -> None:
    reader, found = task_endpoint()
    tasks = reader.partitions[PLAIN]
    reader.buffer.read(tasks, 0, NEWER_TASK)
    reader.buffer.read(tasks, 1, task_of("a"))
    reader.buffer.give_out()
    reader.buffer.done("a/n@1")
    assert (found, reader.newer) == ([], ["a task of version 2 of the worker protocol; spoken here is 1"])
    assert (tasks.offsets.lowest, tasks.offsets.is_done(1)) == (0, True)
    assert list(reader.buffer.overdue()) == []


def test_with_much_behind_it_a_task_of_another_version_is_appended_once_more_and_holds_up_no_commit() -> None:
    reader, _ = task_endpoint()
    tasks = reader.partitions[PLAIN]
    reader.buffer.read(tasks, 0, NEWER_TASK)
    for offset in range(1, LEFT_BEHIND_MAX):
        tasks.offsets.take(offset)
        tasks.offsets.finish(offset)
    [(key, offset, content)] = reader.buffer.overdue()
    assert (key, offset, content) == (tasks.key, 0, NEWER_TASK)
    reader.buffer.finish(key, offset)
    assert tasks.offsets.lowest == LEFT_BEHIND_MAX
    assert list(reader.buffer.overdue()) == []


def test_a_partition_full_of_tasks_of_another_version_waits() -> None:
    reader, _ = task_endpoint()
    tasks = reader.partitions[PLAIN]
    for offset in range(LEFT_MAX):
        assert not tasks.must_pause
        reader.buffer.read(tasks, offset, NEWER_TASK)
    assert tasks.must_pause
    assert not tasks.may_resume
    [(key, offset, _)] = reader.buffer.overdue()
    reader.buffer.finish(key, offset)
    assert tasks.may_resume
