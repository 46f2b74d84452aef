"""Restate as it is measured: its server with the settings it ships with, and a service made with its Python SDK."""

from __future__ import annotations

from pathlib import Path

from benchmarks.load import Request
from benchmarks.peers import PEERS, env_python
from benchmarks.processes import Process, bytes_in, family, free_port
from benchmarks.steps import LEDGER
from benchmarks.waiting import until
from refold.client.connection import Answer, connect
from refold.errors import Unavailable

HOME = PEERS / "restate"


def program() -> Path | None:
    """The server's program, if it is installed for this machine."""
    found = sorted(HOME.glob("node_modules/@restatedev/restate-server-*/bin/restate-server"))
    return found[0] if found else None


class RestateServer:
    """A server, and the service it calls."""

    name = "restate"
    roles = ("server", "service")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.ledger = folder / "ledger"
        ingress, admin, fabric, service = (free_port() for _ in range(4))
        self.url, self._admin = f"http://127.0.0.1:{ingress}", f"http://127.0.0.1:{admin}"
        self.urls = [self.url]
        self._service_url = f"http://127.0.0.1:{service}"
        self._env = {
            "DO_NOT_TRACK": "1",
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
            "RESTATE_BIND_ADDRESS": f"127.0.0.1:{fabric}",
            "RESTATE_LISTEN_MODE": "tcp",
        }
        words: list[str | Path] = [env_python("restate"), HOME / "service.py", str(service)]
        self._service = Process(words, folder / "service.log", {LEDGER: str(self.ledger)})
        self._server = self._serve()

    def _serve(self) -> Process:
        binary = program()
        assert binary is not None
        words: list[str | Path] = [binary, "--base-dir", self.folder / "data", "--node-name", "bench", "--no-logo"]
        return Process(words, self.folder / "server.log", self._env, cwd=self.folder)

    def wait_ready(self) -> None:
        """Until the service is registered and has answered once."""
        until("the admin API answers", lambda: _ask(self._admin, "GET", "/health") is not None, self._check)
        body = b'{"uri":"%s"}' % self._service_url.encode()

        def is_registered() -> bool:
            answer = _ask(self._admin, "POST", "/deployments", body)
            return answer is not None and 200 <= answer.status < 300

        until("the service is registered", is_registered, self._check)

        def answers() -> bool:
            answer = _ask(self.url, "POST", "/bench/w3", b'{"v":""}')
            return answer is not None and answer.status == 200

        until("the service answers", answers, self._check)

    def _check(self) -> None:
        self._server.check()
        self._service.check()

    def processes(self) -> dict[str, list[int]]:
        """The process ids by role."""
        return {"server": family(self._server.pid), "service": family(self._service.pid)}

    def request(self, workload: str) -> Request:
        """How an execution is started and waited for."""
        return Request(path=f"/bench/{workload}", key=f"{workload}-{{n}}" if workload == "w5" else "", expect='{"v"')

    def waiting(self) -> tuple[Request | None, Request, Request]:
        """For W4: the call that waits holds its answer; so nothing has to be sent before."""
        return None, Request(path="/waiting/w4-{n}/run", expect="completed"), Request(path="/waiting/w4-{n}/go")

    def settle(self) -> None:
        """What is answered is done."""

    def bytes(self) -> int:
        """The bytes of all its files; some are laid out in advance."""
        return bytes_in(self.folder / "data")

    def kill_server(self) -> None:
        """`kill -9`, and start it again at once."""
        self._server.kill()
        self._server = self._serve()

    def stop(self) -> None:
        """End all; the server's own way out takes up to 20 s."""
        self._server.kill()
        self._service.kill()


def _ask(url: str, method: str, path: str, body: bytes | None = None) -> Answer | None:
    """What is answered; None while nobody does."""
    connection = connect(url)
    try:
        return connection.request(method, path, body, timeout_s=10.0)
    except Unavailable:
        return None
    finally:
        connection.close()
