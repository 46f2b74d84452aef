"""A network namespace for one engine: it can be cut from the brokers, or from everybody, without a word to either side."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

FORWARDING: Final = Path(__file__).with_name("forwarding.py")
DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


class Namespace:
    """Loopback of its own, with forwarders to the brokers, and from the machine to the engine's port."""

    @staticmethod
    def make(folder: Path, brokers: Sequence[int], port: int) -> Namespace | None:
        """None where the machine does not allow it."""
        name = f"refold-chaos-{os.getpid()}"
        if os.geteuid() or shutil.which("ip") is None or not _ip("netns", "add", name):
            return None
        if not _ip("-n", name, "link", "set", "lo", "up"):
            _ip("netns", "del", name)
            return None
        return Namespace(name, folder, brokers, port)

    def __init__(self, name: str, folder: Path, brokers: Sequence[int], port: int) -> None:
        self._name = name
        self.prefix = ("ip", "netns", "exec", name)
        outward = [(f"tcp:{broker}", f"unix:{folder / str(broker)}") for broker in brokers]
        inward = f"unix:{folder / 'http'}"
        self._forwarders = [
            self._forward((), [f"{unix}={tcp}" for tcp, unix in outward] + [f"tcp:{port}={inward}"]),
            self._forward(self.prefix, [f"{inward}=tcp:{port}"]),
        ]
        self._to_brokers = self._forward(self.prefix, [f"{tcp}={unix}" for tcp, unix in outward])

    @staticmethod
    def _forward(prefix: Sequence[str], pairs: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*DIES_WITH_US, *prefix, sys.executable, "-S", str(FORWARDING), *pairs], stdin=subprocess.DEVNULL)

    def cut(self, is_whole: bool) -> None:
        """From here on nothing goes to the brokers, nor comes from them; where it is whole, nor to or from anybody."""
        if is_whole:
            _ip("-n", self._name, "link", "set", "lo", "down")
        else:
            self._to_brokers.send_signal(signal.SIGSTOP)

    def mend(self, is_whole: bool) -> None:
        """All goes on, with what was held up."""
        if is_whole:
            _ip("-n", self._name, "link", "set", "lo", "up")
        else:
            self._to_brokers.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Leave nothing behind."""
        for process in (*self._forwarders, self._to_brokers):
            process.kill()
            process.wait()
        with suppress(OSError):
            _ip("netns", "del", self._name)


def _ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True, timeout=20, check=False).returncode == 0
