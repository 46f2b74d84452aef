"""What passes at a process of a cluster is heard at another one where somebody listens, and nowhere written where nobody does."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from contracts.passed_on import PASSING, encode_passing, read_passing
from contracts.ports.lossy_channel import Listener, Passing
from tests.cluster.memory import MemoryCluster, memory_cluster
from workers.cluster.shared_channel import HEARD_MAX, SharedChannel


def line(execution: str, number: int = 1) -> Passing:
    return Passing(execution, "talk", 1, "log", b'{"n":%d}' % number)


def written(cluster: MemoryCluster) -> int:
    return cluster.log.end("passing", 0)


def put_all(channel: SharedChannel, lines: list[Passing]) -> None:
    for one in lines:
        channel.put(one)


async def heard(cluster: MemoryCluster, listener: Listener, count: int) -> list[Passing]:
    """So many of what a listener hears."""
    found: list[Passing] = []

    def are_there() -> bool:
        found.extend(listener.take().passing)
        return len(found) >= count

    await cluster.until(are_there)
    return found


def test_what_passes_elsewhere_is_heard_once_in_its_order_and_only_of_what_is_listened_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b") as cluster:
            a, b = (cluster.living[name].channel for name in "ab")
            b.put(line("x"))
            assert written(cluster) == 0
            listener = a.listen(lambda: None, "x")
            await cluster.until(lambda: b.is_heard("x"))
            assert not b.is_heard("y")
            lines = [line("x", number) for number in range(50)]
            telling = threading.Thread(target=put_all, args=(b, [one for passed in lines for one in (line("y"), passed)]))
            telling.start()
            telling.join()
            assert await heard(cluster, listener, 50) == lines
            everything = b.listen(lambda: None)
            await cluster.until(lambda: a.is_heard("z"))
            a.put(line("z"))
            a.put(line("x"))
            assert await heard(cluster, everything, 2) == [line("z"), line("x")]
            assert await heard(cluster, listener, 1) == [line("x")]
            for one in (listener, everything, listener):
                one.end()
            await cluster.until(lambda: not a.is_heard("x") and not b.is_heard("x"))
            before = written(cluster)
            b.put(line("x"))
            assert (written(cluster), listener.take().passing) == (before, [])

    asyncio.run(story())


def test_nothing_is_written_for_a_process_that_was_killed_while_it_listened(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b") as cluster:
            b = cluster.living["b"].channel
            cluster.living["a"].channel.listen(lambda: None, "x")
            await cluster.until(lambda: b.is_heard("x"))
            await cluster.kill("a")
            await cluster.until(lambda: not b.is_heard("x"))

    asyncio.run(story())


def test_who_is_told_too_much_at_once_is_told_the_last_and_how_much_that_was(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a") as cluster:
            narrow = SharedChannel(cluster.living["a"].log, "another", lambda: None, room=2)
            narrow.hear_of(["x"])
            listener = cluster.living["a"].channel.listen(lambda: None, "x")
            await cluster.until(lambda: ("passing", 0) in cluster.log.followers)
            for number in range(5):
                narrow.put(line("x", number))
            await cluster.until(lambda: written(cluster) == 1)
            taken = listener.take()
            assert (taken.passing, taken.dropped) == ([line("x", 3), line("x", 4)], 3)
            narrow.close()

    asyncio.run(story())


def test_junk_in_the_topic_is_passed_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a") as cluster:
            listener = cluster.living["a"].channel.listen(lambda: None, "x")
            await cluster.until(lambda: ("passing", 0) in cluster.log.followers)
            deep = b'{"process":"b","passing":' + b"[" * 100_000
            cluster.log.put(PASSING, 0, [b"", b"\xff", b"{}", deep, b'{"process":"b","passing":[{"execution":null}]}'])
            cluster.log.put(PASSING, 0, [encode_passing("b", [line("x")], 0)])
            assert await heard(cluster, listener, 1) == [line("x")]

    asyncio.run(story())


def test_who_listens_to_many_executions_says_that_it_listens_to_all(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b") as cluster:
            a, b = (cluster.living[name].channel for name in "ab")
            listeners = [a.listen(lambda: None, f"x{number}") for number in range(HEARD_MAX)]
            assert len(a.heard) == HEARD_MAX
            listeners.append(a.listen(lambda: None, "one-more"))
            await cluster.until(lambda: b.is_heard("anything"))
            for one in listeners:
                one.end()
            await cluster.until(lambda: not b.is_heard("x0"))

    asyncio.run(story())


def test_a_record_says_what_was_put_in() -> None:
    lines = [line("x"), Passing("ä\u2028", "a[3]/b", 2, "progress", b"null")]
    assert read_passing(encode_passing("a", lines, 7)) == ("a", lines, 7)
