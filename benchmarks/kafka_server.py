"""Refold on Kafka as it is measured: brokers of its own, engine processes with a worker each, over HTTP or on the log itself."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Request
from benchmarks.processes import ROOT, Process, bytes_in, family, python
from benchmarks.refold_server import DEFINITIONS, WAIT_S, health, request_of, split, waiting_of
from benchmarks.steps import LEDGER
from benchmarks.waiting import until
from brokers.cluster import Cluster
from infra.log.kafka.administration import administering
from refold import Client
from refold.client.connection import connect
from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress, parse_address
from refold.kafka.admin import change

NEVER = 2**63 - 1
"""So many messages are not flushed at once: Kafka's own default."""
WORKERS = ("http", "log")
"""Workers come over HTTP, or take their tasks from the log."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How it is set up."""

    worker: str = "http"
    engines: int = 1
    partitions: int = 1
    brokers: int = 1
    flush: bool | None = None
    """Whether the brokers write the journal to disk before they answer; None: as `refold kafka init` sets it."""


class KafkaServer:
    """Brokers, engines with their projectors, and as many workers."""

    name = "kafka"

    def __init__(self, folder: Path, setup: Setup) -> None:
        self.folder, self._setup = folder, setup
        folder.mkdir(parents=True)
        self.ledger = folder / "ledger"
        self._cluster = Cluster(folder / "brokers", setup.brokers)
        self._cluster.start()
        self._log = f"kafka://{self._cluster.bootstrap}/bench"
        self._init()
        self.servers = [self._serve(number) for number in range(setup.engines)]
        self.urls = [self._url_of(server) for server in self.servers]
        self.url = self.urls[0]
        self._workers = [self._work(number) for number in range(setup.engines)]

    def _init(self) -> None:
        words = python("-m", "refold", "kafka", "init", "--log", self._log, "--partitions", str(self._setup.partitions))
        subprocess.run(words, check=True, capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        if self._setup.flush is not None:
            asyncio.run(_set_flush(parse_address(self._log), 1 if self._setup.flush else NEVER))

    def _serve(self, number: int, port: str = "0") -> Process:
        """An engine; at first at a port that is free."""
        where = ["--log", self._log, "--data", str(self.folder / f"data-{number}"), "--node", f"n{number}"]
        words = python("-m", "refold", "serve", *where, "--port", port)
        return Process(words, self.folder / f"server-{number}.log")

    def _work(self, number: int) -> Process:
        """A worker: over HTTP it asks the engine of its number."""
        where = ["--server", self.urls[number]] if self._setup.worker == "http" else ["--log", self._log]
        words = python("-m", "refold", "worker", "benchmarks.activities", *where)
        return Process(words, self.folder / f"worker-{number}.log", {LEDGER: str(self.ledger)})

    def _url_of(self, server: Process) -> str:
        until("the server says where it is", lambda: _said(server) is not None, server.check)
        return _said(server) or ""

    def wait_ready(self) -> None:
        """Until all answer; then publish, and run one execution."""
        until("the servers answer", lambda: all(health(url) is not None for url in self.urls), self._check)
        until("every partition has its owner", self._is_shared_out, self._check)
        with Client(self.url) as client:
            for definition in DEFINITIONS:
                client.publish(definition)
            client.start("w3", {"v": ""}, wait_s=WAIT_S)

    def _is_shared_out(self) -> bool:
        claims = [gauge(url, "refold_claims_total") for url in self.urls]
        return all(claims) and sum(claims) >= self._setup.partitions

    def _check(self) -> None:
        for process in (*self.servers, *self._workers):
            process.check()

    def processes(self) -> dict[str, list[int]]:
        """The process ids by role."""
        found = split([pid for server in self.servers for pid in family(server.pid)])
        brokers = [node.pid for node in self._cluster.nodes]
        return {**found, "worker": [pid for worker in self._workers for pid in family(worker.pid)], "broker": brokers}

    def request(self, workload: str) -> Request:
        """How an execution is started and waited for."""
        return request_of(workload)

    def waiting(self) -> tuple[Request | None, Request, Request]:
        """For W4."""
        return waiting_of()

    def settle(self) -> None:
        """Until the read models have caught up."""

        def has_caught_up() -> bool:
            return all(gauge(url, "refold_projection_lag") == 0 for url in self.urls)

        until("the read models have caught up", has_caught_up, self._check)

    def bytes(self) -> int:
        """The bytes of the brokers' and the engines' files; the brokers' are laid out in advance here and there."""
        return bytes_in(self.folder)

    def kill_server(self) -> None:
        """`kill -9` of an engine, and start it again at once."""
        self.servers[0].kill()
        self._serve_again(0)

    def restart(self, number: int) -> None:
        """Ask an engine to end, and start it again when it has."""
        self.servers[number].stop()
        self._serve_again(number)

    def _serve_again(self, number: int) -> None:
        self.servers[number] = self._serve(number, self.urls[number].rpartition(":")[2])

    def stop(self) -> None:
        """End all."""
        for process in (*self._workers, *self.servers):
            process.stop()
        self._cluster.stop()


def _said(server: Process) -> str | None:
    """Where a server says that it is."""
    found = re.search(r"^refold serves .* at (http://\S+)$", server.log.read_text(errors="replace"), re.MULTILINE)
    return found.group(1) if found else None


async def _set_flush(address: KafkaAddress, messages: int) -> None:
    async with administering(address) as admin:
        await change(admin, address.topic("journal"), {"flush.messages": str(messages)})


def gauge(url: str, name: str) -> float:
    """A metric of a server; -1 while it does not answer."""
    connection = connect(url)
    try:
        text = connection.request("GET", "/metrics", timeout_s=5.0).body.decode()
    except Unavailable:
        return -1.0
    finally:
        connection.close()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else -1.0
