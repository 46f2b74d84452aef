"""The peers that Refold is measured beside. Each has a folder with its locks, and an environment of its own in it."""

from __future__ import annotations

from pathlib import Path

PEERS = Path(__file__).parent
NAMES = ("restate", "dbos", "langgraph")


def env_python(name: str) -> Path:
    """The Python of a peer's environment."""
    return PEERS / name / ".venv" / "bin" / "python"


def missing(name: str) -> str | None:
    """Why a peer cannot be measured; None where it is installed."""
    stamp = PEERS / name / ".venv" / ".installed"
    return None if stamp.exists() else f"{name} is not installed: `make bench-peers`, or `make bench-peers PEERS={name}`"
