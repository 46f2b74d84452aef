"""The processes of a chaos run on Kafka: three brokers, three engines, three workers; started, harmed, and started again as they were."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from brokers.cluster import Cluster, Node, free_ports
from tests.chaos.ledger import now_ms
from tests.chaos.processes import READY_S, ROOT, Exit

from .network import DIES_WITH_US, Namespace

PREFIX: Final = "chaos"
ACTIVITIES: Final = ROOT / "tests" / "chaos"
TELLING: Final = Path(__file__).with_name("telling")
"""On the path of all processes, so that they can be asked what they wait for."""
STOP_S: Final = 60.0
ASK_S: Final = 2.0
"""So long they have to say it."""
BROKER_SETTINGS: Final = {"replica.lag.time.max.ms": "3000", "group.min.session.timeout.ms": "1000"}


@dataclass
class Process:
    """One that is started again under its name: an engine, or a worker."""

    name: str
    words: list[str]
    prefix: tuple[str, ...] = ()
    port: int = 0
    running: subprocess.Popen[bytes] | None = None
    is_down: bool = False
    """Whether it was killed, and is to stay so for a while."""

    @property
    def sort(self) -> str:
        """What it is: `engine` or `worker`."""
        return self.name.partition("-")[0]


class KafkaSite:
    """All processes of a run, in a folder of its own."""

    def __init__(self, folder: Path, partitions: int, session_s: float, may_cut: bool) -> None:
        self.folder, self.effects = folder, folder / "effects.jsonl"
        self.exits: list[Exit] = []
        self._lock = threading.Lock()
        self._is_closed = self._is_stopping = False
        self.network: Namespace | None = None
        self.processes: list[Process] = []
        self.cluster = Cluster(folder / "kafka", brokers=3, settings=BROKER_SETTINGS)
        self.log = f"kafka://{self.cluster.bootstrap}/{PREFIX}"
        self.cluster.start()
        self._init_topics(partitions)
        ports = free_ports(3)
        if may_cut:
            self.network = Namespace.make(folder, [node.port for node in self.cluster.nodes], ports[2])
        self.engines = [self._engine(number, port, session_s) for number, port in enumerate(ports, 1)]
        self.workers = [self._worker(number) for number in (1, 2, 3)]
        self.processes = [*self.engines, *self.workers]
        for process in self.processes:
            self.start(process)
        threading.Thread(target=self._tend, daemon=True).start()

    @property
    def ports(self) -> list[int]:
        """Where the engines answer."""
        return [engine.port for engine in self.engines]

    def _init_topics(self, partitions: int) -> None:
        words = ["kafka", "init", "--log", self.log, "--partitions", str(partitions), "--replication", "3"]
        done = subprocess.run(self._command(words), env=self._environment(""), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _engine(self, number: int, port: int, session_s: float) -> Process:
        name = f"engine-{number}"
        data = self.folder / name
        words = ["serve", "--log", self.log, "--data", str(data), "--port", str(port), "--node", name, "--set", f"session_s={session_s}"]
        prefix = self.network.prefix if self.network is not None and number == 3 else ()
        return Process(name, words, prefix, port)

    def _worker(self, number: int) -> Process:
        """Two take their work from the log, the third over HTTP."""
        place = ["--log", self.log] if number < 3 else ["--server", f"http://127.0.0.1:{self.ports[0]}"]
        return Process(f"worker-{number}", ["worker", "activities", *place, "--name", f"worker-{number}"])

    # Starting and ending.

    @staticmethod
    def _command(words: list[str]) -> list[str]:
        return [sys.executable, "-P", "-m", "refold", *words]

    def _environment(self, name: str) -> dict[str, str]:
        more = {"PYTHONPATH": f"{ROOT}:{TELLING}", "CHAOS_EFFECTS": str(self.effects), "CHAOS_WORKER": name, "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **more}

    def start(self, process: Process) -> None:
        """Start it as it was."""
        with self._lock:
            if self._is_closed:
                return
            process.is_down = False
            with self.said(process).open("ab") as said:
                said.write(b"--- started at %d\n" % now_ms())
                said.flush()
                process.running = subprocess.Popen(
                    [*DIES_WITH_US, *process.prefix, *self._command(process.words)], cwd=ACTIVITIES, env=self._environment(process.name),
                    stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                )  # fmt: skip

    def said(self, process: Process) -> Path:
        """Where what it says is kept."""
        return self.folder / f"{process.name}.log"

    def _tend(self) -> None:
        """Start again what has ended by itself. What this thread starts dies with it, so it lives as long as they."""
        while not self._is_closed:
            for process in self.processes:
                with self._lock:
                    assert process.running is not None
                    code = None if process.is_down or self._is_stopping else process.running.poll()
                if code is not None:
                    self._note_exit(process, code)
                    self.start(process)
            time.sleep(0.2)

    def _note_exit(self, process: Process, code: int) -> None:
        words = self.said(process).read_text(errors="replace")[-600:]
        self.exits.append(Exit(name=process.name, code=code, at=now_ms(), said=words, is_excused=False))

    def is_ready(self, engine: Process) -> bool:
        """Whether an engine is a part of its cluster."""
        connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, engine: Process, timeout_s: float = READY_S) -> bool:
        """Wait until it is; whether it was in time."""
        deadline = time.monotonic() + timeout_s
        while not self.is_ready(engine):
            if time.monotonic() >= deadline or self._is_closed:
                return False
            time.sleep(0.05)
        return True

    # Faults.

    def kill(self, process: Process) -> None:
        """`kill -9`; it stays down until it is started."""
        with self._lock:
            process.is_down = True
            assert process.running is not None
            process.running.kill()
        process.running.wait()

    def freeze(self, process: Process) -> None:
        """SIGSTOP."""
        assert process.running is not None
        process.running.send_signal(signal.SIGSTOP)

    def thaw(self, process: Process) -> None:
        """SIGCONT."""
        assert process.running is not None
        process.running.send_signal(signal.SIGCONT)

    def ask_all(self) -> None:
        """Let each say in its log what it waits for."""
        for process in self.processes:
            if process.running is not None and process.running.poll() is None:
                process.running.send_signal(signal.SIGUSR2)
        time.sleep(ASK_S)

    @staticmethod
    def restart_broker(node: Node) -> None:
        """Start one that was killed, and wait until it answers."""
        node.start()
        node.wait()

    # Ending.

    def stop(self) -> None:
        """Ask all to stop, workers first; what does not stop well is noted."""
        self._is_stopping = True
        for process in reversed(self.processes):
            assert process.running is not None
            process.running.terminate()
            try:
                code = process.running.wait(STOP_S)
            except subprocess.TimeoutExpired:
                code = -1
            if code:
                self._note_exit(process, code)

    def close(self) -> None:
        """Nothing is left running, whatever happened."""
        with self._lock:
            self._is_closed = True
        for process in self.processes:
            if process.running is not None and process.running.poll() is None:
                process.running.kill()
                process.running.wait()
        if self.network is not None:
            self.network.close()
        self.cluster.stop()
