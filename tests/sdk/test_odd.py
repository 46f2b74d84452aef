"""Odd values through the package: what an activity gives back and what a client sends comes back the same, or is refused in clear words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

import refold
from contracts.errors import InvalidInput
from contracts.value_check import check
from contracts.values import blob_of, is_reference
from refold.json_values import dumps
from tests.api.conftest import Server
from tests.odd_json import meant, odd
from tests.protocol.host import Host
from tests.sdk.working import working

VALUES: Final = 40
HEARS: dict[str, Any] = {"name": "hears", "nodes": [{"id": "n", "type": "wait_signal", "config": {"name": "go"}}]}
MANY = settings(max_examples=VALUES, deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)


class Nothing:
    """What no reader makes of a text."""


def as_python(value: bytes) -> Any:
    """The value as Python has it; infinite where it is too large for a number; `Nothing` where Python reads no such text."""
    try:
        return meant(value)
    except (ValueError, RecursionError):
        return Nothing


def may_be_sent(value: Any) -> bool:
    """Whether what JSON makes of the value may come in."""
    try:
        check(dumps(value))
    except (InvalidInput, ValueError, RecursionError):
        return False
    return True


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[refold.Client]:
    server = Server(tmp_path_factory.mktemp("odd") / "data")
    try:
        with refold.Client(server.url) as made:
            made.publish(HEARS)
            yield made
    finally:
        server.kill()


def as_input(client: refold.Client, value: Any) -> Any:
    execution = client.start("hears", value)["execution_id"]
    return client.state(execution, whole=True)["input"]


def as_payload(client: refold.Client, value: Any) -> Any:
    execution = client.start("hears")["execution_id"]
    client.signal(execution, "go", value)
    return client.wait(execution, timeout_s=20)["output"]


@pytest.mark.parametrize("send", [as_input, as_payload], ids=lambda send: send.__name__)
def test_an_odd_value_that_a_client_sends_comes_back_the_same_or_is_refused(client: refold.Client, send: Callable[..., Any]) -> None:
    counts = {True: 0, False: 0}

    @MANY
    @given(odd)
    def each(written: bytes) -> None:
        value = as_python(written)
        if value is Nothing or (value is None and send is as_input):  # no input at all is an empty one
            return
        is_good = may_be_sent(value)
        counts[is_good] += 1
        if is_good:
            assert repr(send(client, value)) == repr(value)
        else:
            with pytest.raises((refold.Refused, ValueError), match=r"\w+ \w+"):
                send(client, value)

    each()
    assert min(counts.values()) > 0
    assert client.ready()["status"] == "ready"
    assert list(client.list(status="quarantined")) == []


def test_an_odd_value_that_an_activity_gives_back_arrives_or_is_the_failure_of_its_task(host: Host) -> None:
    values: dict[int, Any] = {}

    @refold.activity
    def give(number: int) -> Any:
        return values[number]

    with working(host, give):

        @MANY
        @given(odd)
        def each(written: bytes) -> None:
            value = as_python(written)
            if value is Nothing:
                return
            number = len(values)
            values[number] = value
            execution = host.run("give", number)
            end = host.end_of(execution)
            if may_be_sent(value):
                assert end.output is not None, end.failure
                output = host.blobs.get(blob_of(end.output)) if is_reference(end.output) else end.output
                assert repr(meant(output)) == repr(value)
                return
            failure = end.failure
            assert failure is not None
            assert (failure.type, bool(failure.message)) == ("output.invalid", True)

        each()
