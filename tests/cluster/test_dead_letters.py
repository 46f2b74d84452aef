"""Dead letters in a cluster: a record goes back into its topic, a command to whoever owns its partition."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contracts import codec
from contracts.caller import Caller
from contracts.commands import Envelope, SendSignal
from contracts.dead_letter import DeadLetter
from contracts.errors import Rejected
from tests.cluster.memory import memory_cluster
from tests.cluster.test_junk import WAITS

ADA, BOB = Caller("ada", "1"), Caller("bob", "2")


def test_a_record_that_nobody_reads_still_comes_back_as_another_letter(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=2) as cluster:
            offset = cluster.log.put("commands", 1, [b"nobody reads this"])
            await cluster.until(lambda: cluster.log.end("dead-letters", 0) == 1)
            letters = cluster.living["b"].service.letters
            assert (await letters.send(0, "try", ADA)).state == "sent"
            await cluster.until(lambda: cluster.log.end("dead-letters", 0) == 4)
            (new,), _, open_ = await letters.page("open", "commands", None, 10)
            assert (new.letter.origin, new.letter.content, open_) == (f"commands/1@{offset + 1}", b"nobody reads this", 1)
            with pytest.raises(Rejected, match="by ada"):
                await cluster.living["a"].service.letters.send(0, "", BOB)

    asyncio.run(story())


def test_a_command_reaches_an_execution_that_another_process_has(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=2) as cluster:
            await cluster.publish(WAITS)
            view = (await cluster.ask("a", "waits")).view
            name = view.execution_id
            envelope = Envelope("m", name, SendSignal("s", "go", b"1"), "gone")
            cluster.log.put("dead-letters", 0, [codec.pack(DeadLetter(codec.encode_envelope(envelope), "why", "gone", 1))])
            await asyncio.gather(
                *(cluster.living[node].service.letters.send(0, "", caller) for node, caller in (("a", ADA), ("b", BOB))),
                return_exceptions=True,
            )
            await cluster.until(lambda: cluster.statuses().get(name) == "completed")
            letter = await cluster.living["a"].service.letters.find(0)
            assert [act.act for act in letter.acts] == ["sending", "sent"]
            assert len({act.actor for act in letter.acts}) == 1

    asyncio.run(story())
