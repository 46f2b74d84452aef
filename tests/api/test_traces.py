"""Traces as a part of a process: what one history does to whoever sends it harms none of the others."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from contracts.commands import TerminateExecution
from contracts.errors import Rejected
from contracts.events import ExecutionTerminated
from contracts.journal import Decision, Source
from contracts.ports.feed import Then, Told
from infra.server.parts.traces import Traces


class Heard:
    """A feed whose subscriber is told by hand."""

    then: Then

    def subscribe(self, selector: object, then: Then, after: object = None) -> None:
        self.then = then


class Sends:
    """A way to a collector that some executions break."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.has_sent = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def export(self, fold: Any) -> bool:
        if fold == "odd":
            raise TypeError("planted")
        self.sent.append(fold)
        self.loop.call_soon_threadsafe(self.has_sent.set)
        return True

    def close(self) -> None:
        pass


async def spans(execution: str) -> Any:
    if execution == "gone":
        raise Rejected("unknown_execution", "planted")
    if execution == "broken":
        raise AssertionError("planted")
    return execution


def ended(execution: str) -> Told:
    return Told(0, 1, Decision(Source(0, 1), execution, 1, 1, TerminateExecution(), (ExecutionTerminated(),)))


@pytest.mark.parametrize("odd", ["odd", "gone", "broken"])
def test_what_one_execution_breaks_keeps_no_other_from_being_sent(odd: str) -> None:
    async def story() -> None:
        feed, sends = Heard(), Sends()
        traces = Traces(cast(Any, feed), spans, sends, lambda partition: True)
        await traces.start()
        feed.then([ended(odd), ended("good")])
        await asyncio.wait_for(sends.has_sent.wait(), 30)
        assert sends.sent == ["good"]
        await traces.stop()

    asyncio.run(story())
