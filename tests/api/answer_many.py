"""Many human tasks, answered by many clients at once, each answer twice: each task is answered once. `make people` runs it long."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from refold.client.asynchronous import AsyncClient
from refold.errors import Refused
from tests.api.conftest import Server

ASKS: dict[str, Any] = {
    "name": "asks_many",
    "nodes": [{"id": "t", "type": "human_task", "config": {"question": "Go on?", "assignees": ["group:crew"]}}],
}


async def answer_all(url: str, tasks: int, clients: int) -> None:
    """Each task is answered by two of the clients, each answer sent twice under keys of their own: one counts, the others are told so."""
    prefix = f"many{tasks}"
    async with AsyncClient(url) as starter:
        await starter.start_many("asks_many", [{}] * tasks, idempotency_key=prefix)
    names = [f"{prefix}-{number}~t@1" for number in range(tasks)]
    outcomes: dict[str, list[str]] = {name: [] for name in names}

    async def work(number: int) -> None:
        async with AsyncClient(url, person=f"p{number}", groups=["crew"]) as client:
            for place, name in enumerate(names):
                if number in (place % clients, (place + 1) % clients):
                    for _ in range(2):
                        outcomes[name].append(await answer(client, name))

    await asyncio.gather(*map(work, range(clients)))
    found = Counter(tuple(sorted(one)) for one in outcomes.values())
    assert found == {("already_ended",) * 3 + ("yes",): tasks}, found


async def answer(client: AsyncClient, task: str) -> str:
    """What is said to it: yes, or why not."""
    try:
        return "yes" if (await client.answer_task(task, "approved"))["decided"] else "kept"
    except Refused as refused:
        return str(refused.problem["reason"])


def main() -> None:
    """Run it against a server of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=5_000)
    parser.add_argument("--clients", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        try:
            server.publish(ASKS)
            began = time.monotonic()
            asyncio.run(answer_all(server.url, asked.tasks, asked.clients))
            took = time.monotonic() - began
            print(f"{asked.tasks:,} tasks, {4 * asked.tasks:,} answers by {asked.clients} clients: each answered once, {took:.0f} s")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
