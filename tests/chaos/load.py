"""The load: some clients that start workflows of all sorts and do what each needs, as fast as `rate` allows."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from .client import Client, Wish
from .ledger import Ledger

Script: TypeAlias = Callable[["Caller", str], None]
FOREVER_MAX: Final = 5
"""So many executions of a client wait for ever."""


class Caller:
    """One client and its thread. The clients share out the scripts among them first, so that each is run at least once."""

    def __init__(self, number: int, callers: int, client: Client, chance: random.Random, over: threading.Event, pause_s: float) -> None:
        self._number, self._callers, self._client, self.chance, self._over, self._pause_s = number, callers, client, chance, over, pause_s
        self._tags = itertools.count(1)

    def run(self) -> None:
        """Until it is over; a script that has begun is ended."""
        names, weights = list(SCRIPTS), [weight for weight, _ in SCRIPTS.values()]
        first = names[self._number :: self._callers]
        forever = itertools.count()
        while not self._over.wait(self.chance.expovariate(1 / self._pause_s)):
            workflow = first.pop() if first else self.chance.choices(names, weights)[0]
            if workflow != "forever" or next(forever) < FOREVER_MAX:
                SCRIPTS[workflow][1](self, workflow)
        self._client.close()

    def start(self, workflow: str, **given: Any) -> str:
        """Start under a key, a third of them twice, or under an id of its own; the execution's id, `""` where it was refused.

        A workflow with a limit takes an id of one's own only where it would be counted, so it is started under a key.
        """
        tag = f"{self._number}-{next(self._tags)}"
        path = f"/v1/workflows/{workflow}/executions"
        body: dict[str, Any] = {"input": {"tag": tag, **given}}
        keyed = self.chance.random() < 0.7 or workflow == "turns"
        if not keyed:
            body["execution_id"] = f"own-{tag}"
        wish = Wish(sort="start", workflow=workflow, tag=tag, path=path, body=body, key=f"key-{tag}" if keyed else "")
        answer = self._client.ask(wish)
        if self.chance.random() < 0.3:
            self._client.ask(wish)
        return str(answer.get("execution_id", ""))

    def start_blindly(self, workflow: str) -> None:
        """Start without key and id: after a broken connection nobody knows."""
        tag = f"{self._number}-{next(self._tags)}"
        path, body = f"/v1/workflows/{workflow}/executions", {"input": {"tag": tag}}
        self._client.ask(Wish(sort="start", workflow=workflow, tag=tag, path=path, body=body, is_safe=False))

    def signal(self, workflow: str, execution: str, name: str, payload: Any, key: str) -> None:
        """Send a signal, a third of them twice."""
        wish = Wish(
            sort="signal", workflow=workflow, tag=key, path=f"/v1/executions/{execution}/signals/{name}",
            body=payload, key=key, execution=execution, name=name,
        )  # fmt: skip
        self._client.ask(wish)
        if self.chance.random() < 0.3:
            self._client.ask(wish)

    def steer(self, workflow: str, execution: str, verb: str) -> None:
        """Pause, resume, cancel, terminate."""
        path = f"/v1/executions/{execution}/{verb}"
        self._client.ask(Wish(sort="steer", workflow=workflow, tag=execution, path=path, body={}, execution=execution, name=verb))

    def wait_a_little(self) -> None:
        """So that what follows meets the execution at any place."""
        self._over.wait(self.chance.expovariate(1 / 0.15))


def _plain(caller: Caller, workflow: str) -> None:
    caller.start(workflow)


def _blind(caller: Caller, workflow: str) -> None:
    caller.start_blindly("sequence")


def _waits(caller: Caller, workflow: str) -> None:
    execution = caller.start(workflow)
    caller.wait_a_little()
    caller.signal(workflow, execution, "approved", {"of": execution}, f"{execution}-approved")


def _inbox(caller: Caller, workflow: str) -> None:
    execution = caller.start(workflow)
    for number in range(3):
        caller.signal(workflow, execution, "item", number, f"{execution}-{number}")


def _timed(caller: Caller, workflow: str) -> None:
    execution = caller.start(workflow)
    if caller.chance.random() < 0.5:
        caller.wait_a_little()
        caller.signal(workflow, execution, "maybe", 1, f"{execution}-maybe")


def _told(caller: Caller, workflow: str) -> None:
    caller.start("teller", to=caller.start("listener"))


def _paused(caller: Caller, workflow: str) -> None:
    execution = caller.start("fan")
    caller.steer("fan", execution, "pause")
    caller.wait_a_little()
    caller.steer("fan", execution, "resume")


def _steered(verb: str) -> Script:
    def run(caller: Caller, workflow: str) -> None:
        execution = caller.start(workflow)
        caller.wait_a_little()
        caller.steer(workflow, execution, verb)

    return run


SCRIPTS: Final[dict[str, tuple[int, Script]]] = {
    "sequence": (8, _plain),
    "fan": (6, _plain),
    "each": (4, _plain),
    "waits": (8, _waits),
    "inbox": (5, _inbox),
    "told": (5, _told),
    "timed": (6, _timed),
    "patient": (6, _plain),
    "parent": (4, _plain),
    "caught": (5, _plain),
    "undone": (5, _plain),
    "cancelled": (5, _steered("cancel")),
    "terminated": (3, _steered("terminate")),
    "paused": (5, _paused),
    "big": (2, _plain),
    "turns": (4, _plain),
    "blind": (5, _blind),
    "forever": (2, _plain),
}


class Load:
    """All callers together."""

    def __init__(self, ports: Sequence[int], ledger: Ledger, seed: int, callers: int, rate: float) -> None:
        self._over = threading.Event()
        self._threads = []
        for number in range(callers):
            chance = random.Random(f"{seed}-caller-{number}")
            client = Client(ports, ledger, chance)
            caller = Caller(number, callers, client, chance, self._over, callers / rate)
            self._threads.append(threading.Thread(target=caller.run, name=f"caller-{number}", daemon=True))

    def begin(self) -> None:
        """Start all."""
        for thread in self._threads:
            thread.start()

    def end(self, timeout_s: float) -> bool:
        """Let each end what it has begun; whether all did."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)
