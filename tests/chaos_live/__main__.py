"""`make chaos-live`: kills servers while readers read along; embedded, or with --kafka two engines and two publishers on a log."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from refold.kafka.address import parse_address

from .campaign import ROOT, Killed, Server, Told, campaign
from .consumer import Consumer
from .rows import unlike


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos-live")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kafka", metavar="HOST:PORT", help="on a new log there, with two engines")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refold-chaos-live-") as folder:
        told = run(Path(folder), arguments.kills, arguments.readers, arguments.seed, arguments.kafka)
    readers = f"{told.connections} connections of {arguments.readers} readers"
    kills = ", ".join(f"{count} of a {kind}" for kind, count in sorted(told.kills.items()))
    print(f"{told.kills.total()} kills ({kills}), {told.executions} executions, {told.events} events, {readers}")
    if arguments.kafka:
        print(f"the Kafka client heard each event; {told.doubles} records had been told before")
    print("\n".join(told.faults) or "each reader was told each of its events once, in order; the rows are those of a clean rebuild")
    return bool(told.faults)


def run(folder: Path, kills: int, readers: int, seed: int, kafka: str | None = None) -> Told:
    """A campaign in a folder."""
    if kafka is None:
        log, datas = None, {"server": folder / "data"}
        killed = Killed([Server(folder, "server", ["--data", str(datas["server"])])], [], None)
    else:
        log = kafka if kafka.startswith("kafka://") else f"kafka://{kafka}/chaos-live-{secrets.token_hex(3)}"
        datas = {name: folder / name for name in "ab"}
        killed = _on_kafka(folder, log, datas)
    try:
        told = asyncio.run(campaign(killed, kills, readers, seed))
    finally:
        for one in (*killed.servers, *killed.publishers):
            one.kill()
    return told._replace(faults=[*told.faults, *unlike(datas, folder / "rebuilt", log)])


def _on_kafka(folder: Path, log: str, datas: Mapping[str, Path]) -> Killed:
    """Two engines on a new log, and two publishers that share its partitions."""
    made = [sys.executable, "-P", "-m", "refold", "kafka", "init", "--log", log, "--partitions", "4"]
    subprocess.run(made, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.DEVNULL)

    def server(name: str, *words: str) -> Server:
        return Server(folder, name, ["--log", log, "--node", name, "--data", str(folder / name), "--set", "session_s=3", *words])

    publishers = [server(name, "--roles", "publisher") for name in "pq"]
    address = parse_address(log)
    return Killed([server(name) for name in datas], publishers, Consumer(",".join(address.servers), address.topic("events")))


if __name__ == "__main__":
    sys.exit(main())
