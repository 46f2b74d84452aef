"""Brokers as processes of this machine: one, or several that are one cluster. Each can be killed, frozen and started again.

Every node is broker and controller at once (KRaft). It dies with the process that started it.
"""

from __future__ import annotations

import base64
import itertools
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from brokers.jars import find_jars, find_java

READY_TIMEOUT_S: Final = 90
PORTS: Final = (15_000, 32_000)
"""Below those that outgoing connections are given."""
HEAP: Final = "-Xmx512m"
SETTINGS: Final = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "1",
    "broker.session.timeout.ms": "2500",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.election.timeout.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


class BrokerFailed(Exception):
    """A broker could be had and does not run; the message has its last words."""


class Node:
    """One broker process."""

    def __init__(self, number: int, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        self.number, self.folder, self.port = number, folder, port
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"127.0.0.1:{self.port}"

    def format(self, cluster_id: str, user: str | None = None) -> subprocess.Popen[bytes]:
        """Begin to make its folder ready, where that has not been done before; `user` is one for SCRAM."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "server.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in self._settings.items()))
        return self._java(
            "kafka.tools.StorageTool",
            "format",
            "--ignore-formatted",
            "-t",
            cluster_id,
            "-c",
            str(config),
            *(["--add-scram", user] if user else []),
        )

    def start(self) -> None:
        """Start the process; `wait` says when it answers."""
        assert not self.is_alive
        self._process = self._java("kafka.Kafka", str(self.folder / "server.properties"))

    def wait(self) -> None:
        """Wait until it takes connections. Raises BrokerFailed where it ends, or takes too long."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            self.check()
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                if line.getsockname() != line.getpeername():  # else it has met itself, as happens at ports that clients get
                    return
            time.sleep(0.05)
        raise BrokerFailed(f"the broker at {self.address} takes no connections after {READY_TIMEOUT_S} s: {self._last_words()}")

    @property
    def is_alive(self) -> bool:
        """Whether the process is there, be it frozen."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process, which has to run."""
        assert self._process is not None
        return self._process.pid

    def check(self) -> None:
        """Raise BrokerFailed where it has ended."""
        if not self.is_alive:
            raise BrokerFailed(f"the broker at {self.address} has ended: {self._last_words()}")

    def kill(self) -> None:
        """`kill -9`: nothing is flushed, nobody is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it is there and answers nobody. Returns when all of its threads have stopped."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """SIGCONT: it goes on as if nothing had been."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end, and see to it that it does."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        options = [HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{find_jars()}/*", main]
        dies_with_us = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (self.folder / "output.log").open("ab") as output:
            return subprocess.Popen([*dies_with_us, find_java(), *options, *arguments], stdout=output, stderr=output, cwd=self.folder)

    def _last_words(self) -> str:
        return (self.folder / "output.log").read_text(errors="replace").strip()[-1000:] or "it said nothing"


class Cluster:
    """Some nodes that are one cluster, in a folder of their own. `listeners` are further ones of a single node, as `SSL://HOST:PORT`."""

    def __init__(
        self,
        folder: Path,
        brokers: int = 1,
        ports: list[int] | None = None,
        settings: Mapping[str, str] | None = None,
        listeners: Sequence[str] = (),
        user: str | None = None,
    ) -> None:
        assert not listeners or brokers == 1
        self._user = user
        free = free_ports(2 * brokers)
        ports, controllers = ports or free[:brokers], free[brokers:]
        voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controllers, start=1))
        self.folder = folder
        self.nodes = [
            Node(
                number,
                folder / f"node-{number}",
                port,
                _settings_of(number, folder, port, controller, voters, brokers, listeners) | dict(settings or {}),
            )
            for number, (port, controller) in enumerate(zip(ports, controllers, strict=True), start=1)
        ]

    @property
    def bootstrap(self) -> str:
        """The addresses that a client begins with."""
        return ",".join(node.address for node in self.nodes)

    def start(self) -> None:
        """Start all nodes and wait until they answer. Raises NoBroker without Java or jars, BrokerFailed where they do not."""
        cluster_id = self._cluster_id()
        for node, formatting in [(node, node.format(cluster_id, self._user)) for node in self.nodes]:
            if formatting.wait(timeout=READY_TIMEOUT_S):
                raise BrokerFailed(f"the folder of a broker could not be made ready: {node._last_words()}")
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait()

    def stop(self) -> None:
        """End all nodes at once and at any cost."""
        for node in self.nodes:
            node.kill()

    def _cluster_id(self) -> str:
        """A folder keeps its cluster's id, so that its data is taken up again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stored = self.folder / "cluster-id"
        if not stored.exists():
            stored.write_text(base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "a"))
        return stored.read_text()


def _settings_of(
    number: int, folder: Path, port: int, controller: int, voters: str, brokers: int, listeners: Sequence[str]
) -> dict[str, str]:
    replicas = str(min(3, brokers))
    outward = ",".join([f"PLAINTEXT://127.0.0.1:{port}", *listeners])
    protocols = [listener.partition(":")[0] for listener in listeners]
    return SETTINGS | {
        "node.id": str(number),
        "controller.quorum.voters": voters,
        "listeners": f"{outward},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": outward,
        "listener.security.protocol.map": ",".join(
            ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *(f"{name}:{name}" for name in protocols)]
        ),
        "log.dirs": os.fspath(folder / f"node-{number}" / "data"),
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": "1",
    }


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens at, and that no connection is given while whoever listens there is down for a while."""
    candidates = random.sample(range(*PORTS), 50 * count)
    return list(itertools.islice(filter(_is_free, candidates), count))


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
