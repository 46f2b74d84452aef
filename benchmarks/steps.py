"""What a step does, the same in every system: takes 200 bytes of JSON in and gives 200 fresh ones out.

Only the standard library: the peers' programs import it too, from environments of their own.
"""

from __future__ import annotations

import os
from typing import Any

PAYLOAD_BYTES = 200
LEDGER = "REFOLD_BENCH_LEDGER"
"""The environment variable that names the file which `noted_step` writes to."""


def payload() -> dict[str, Any]:
    """An object that is `PAYLOAD_BYTES` long as compact JSON. Hex digits: compression gains half of it, no more."""
    return {"v": os.urandom((PAYLOAD_BYTES - len('{"v":""}')) // 2).hex()}


def step(given: Any) -> dict[str, Any]:
    """A step that does nothing else."""
    return payload()


def noted_step(key: str, given: dict[str, Any]) -> dict[str, Any]:
    """A step that leaves a line: its idempotency key, what it was given, and what it gave. See `ledger.py`."""
    result = payload()
    line = f"{key} {given['v'][:32]} {result['v'][:32]}\n".encode()
    ledger = os.open(os.environ[LEDGER], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(ledger, line)
    finally:
        os.close(ledger)
    return result
