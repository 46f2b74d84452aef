"""The workloads in a peer that is a library: its program is given a plan, and runs client, engine and steps in one process."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from benchmarks.peers import PEERS, env_python
from benchmarks.processes import ROOT, bytes_in
from benchmarks.served import Figures, percentile
from benchmarks.workloads import Workload

LIMIT_S = 1_200.0


def measure(name: str, folder: Path, workload: Workload) -> Figures | None:
    """Run one workload in a peer's own environment. None for W5: what is killed there is the program itself, which is nobody's server."""
    if workload.name == "w5":
        return None
    folder.mkdir(parents=True)
    plan = {"workload": workload.name, "executions": workload.executions, "outstanding": workload.outstanding, "folder": str(folder)}
    done = subprocess.run(
        [env_python(name), PEERS / name / "program.py"],
        input=json.dumps(plan) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        raise RuntimeError(f"{name}, {workload.name}: {done.stderr[-2_000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    return _figures(workload, result, bytes_in(folder))


def _figures(workload: Workload, result: dict[str, object], size: int) -> Figures:
    seconds, cpu, times = result["seconds"], result["cpu_s"], result["times_ms"]
    assert isinstance(seconds, float)
    assert isinstance(cpu, float)
    assert isinstance(times, list)
    costs = {"cpu_ms_per_execution": cpu / workload.executions * 1e3}
    if workload.name == "w4":
        return {"signals_per_s": workload.executions / seconds, **costs}
    figures = {"p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99), **costs}
    if workload.name == "w3":
        return figures
    return {
        "executions_per_s": workload.executions / seconds,
        "steps_per_s": workload.executions * workload.steps / seconds,
        **figures,
        "bytes_per_execution": size / workload.executions,
    }
