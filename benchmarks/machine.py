"""What the figures were taken on, and which versions of the peers."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, missing


def machine() -> dict[str, Any]:
    """The machine, as far as it explains figures."""
    return {
        "cpu": _line("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "fsync_us": round(fsync_us()),
        "load": round(os.getloadavg()[0], 2),
    }


def _line(file: str, name: str) -> str:
    """A value of a file of `name: value` lines."""
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def fsync_us(rounds: int = 50) -> float:
    """The median µs of writing 4 KB and calling fdatasync, where the benchmarks write."""
    times = []
    with tempfile.TemporaryFile(dir=os.environ.get("REFOLD_BENCH_DIR")) as file:
        for _ in range(rounds):
            file.seek(0)
            file.write(os.urandom(4096))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def version(name: str) -> str:
    """The version of an installed peer, from its locks."""
    if missing(name):
        return ""
    found = re.search(rf"^{name}(?:-sdk)?==(\S+)", (PEERS / name / "requirements.lock").read_text(), re.MULTILINE)
    said = found.group(1) if found else "?"
    server = PEERS / name / "package-lock.json"
    if server.exists():
        packages = json.loads(server.read_text())["packages"]
        said = f"server {packages[f'node_modules/@restatedev/{name}-server']['version']}, SDK {said}"
    return said
