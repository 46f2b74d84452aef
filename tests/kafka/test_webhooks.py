"""Webhooks of a cluster: each is sent to by one process, and by another one when that is killed; nothing is left out."""

from __future__ import annotations

import zlib

from tests.api.conftest import HELLO
from tests.api.test_webhooks import Receiver
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import Engines

ALLOWED = "--allow-private-addresses"


def test_who_takes_over_from_a_sender_that_was_killed_leaves_nothing_out(engines: Engines) -> None:
    receiver = Receiver()
    first, second = engines.start("a", ALLOWED), engines.start("b", ALLOWED)
    first.publish(HELLO)
    until(lambda: second.get("/v1/workflows/hello").status == 200)
    name = next(f"w{number}" for number in range(9) if zlib.crc32(f"w{number}".encode()) % 2 == 0)  # it falls to a
    assert second.ask("PUT", f"/v1/webhooks/{name}", {"url": receiver.url, "types": ["execution.completed"]}).status == 200
    executions = [second.start("hello", {"name": "x"})["execution_id"] for _ in range(20)]
    until(lambda: receiver.got, "nothing is sent")
    receiver.status = 503
    executions += [second.start("hello", {"name": "x"})["execution_id"] for _ in range(10)]
    until(lambda: second.get(f"/v1/webhooks/{name}").json["pending"], "nothing is put aside")

    def verdicts() -> set[tuple[str, int]]:
        listed = second.get(f"/v1/webhooks/{name}/deliveries").json["deliveries"]
        return {(one["verdict"], one["status"]) for one in listed}

    until(lambda: verdicts() >= {("delivered", 204), ("failed", 503)}, "another process does not list what was sent")
    first.kill()
    receiver.status = 200
    executions += [second.start("hello", {"name": "x"})["execution_id"] for _ in range(10)]
    until(lambda: set(executions) == {event["subject"] for event in receiver.events()}, "not all are sent")
    until(lambda: second.get(f"/v1/webhooks/{name}").json["pending"] == 0, "some are still pending")
    receiver.close()
