"""What a worker on Kafka makes of what stands in `cancellations`, without a broker: anybody may write there."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

import refold
from refold.kafka.address import parse_address
from refold.worker.in_hand import InHand
from refold.worker.kafka import KafkaTransport
from refold.worker.transport import Terms
from tests.odd_json import odd

TERMS = Terms(
    name="w",
    has_own_name=False,
    kinds=("work",),
    async_kinds=frozenset(),
    queues=("default",),
    concurrency=1,
    credits=1,
    stop_grace_s=1.0,
)


@refold.activity
def work() -> None: ...


@given(st.sampled_from(("", "execution", "path", "attempt", "sequence")), odd)
def test_whatever_stands_there_ends_no_worker(member: str, said: bytes) -> None:
    """Anything at all, and a cancellation of which one member is anything."""
    members = {"execution": b'"a"', "path": b'"n"', "attempt": b"1", "sequence": b"1", member: said}
    cancellation = b"{" + b",".join(b'"%s":%s' % (name.encode(), value) for name, value in members.items()) + b"}"

    async def hear(content: bytes) -> None:
        transport = KafkaTransport(parse_address("kafka://127.0.0.1:9"), TERMS)
        in_hand = InHand({"work": work}, 1, asyncio.get_running_loop())
        transport._cancel(in_hand, transport._new_tasks(in_hand), content)

    asyncio.run(hear(cancellation if member else said))
