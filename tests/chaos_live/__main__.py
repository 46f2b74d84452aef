"""`make chaos-live`: kills servers while readers read along; embedded, or with --kafka two engines on a log that they take over."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .campaign import ROOT, Server, Told, campaign


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
    print(f"{told.kills} kills, {told.executions} executions, {told.events} events, {readers}")
    print("\n".join(told.faults) or "each reader was told each of its events once, and those of an execution in their order")
    return bool(told.faults)


def run(folder: Path, kills: int, readers: int, seed: int, kafka: str | None = None) -> Told:
    """A campaign in a folder."""
    if kafka is None:
        servers = [Server(folder, "server", ["--data", str(folder / "data")])]
    else:
        log = kafka if kafka.startswith("kafka://") else f"kafka://{kafka}/chaos-live-{seed}"
        made = [sys.executable, "-P", "-m", "refold", "kafka", "init", "--log", log, "--partitions", "4"]
        subprocess.run(made, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.DEVNULL)
        words = [["--log", log, "--node", name, "--data", str(folder / name), "--set", "session_s=3"] for name in ("a", "b")]
        servers = [Server(folder, name, one) for name, one in zip("ab", words, strict=True)]
    try:
        return asyncio.run(campaign(servers, kills, readers, seed))
    finally:
        for server in servers:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
