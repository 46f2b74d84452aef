"""Rights: what one may be allowed to do. Each operation needs one of them."""

from __future__ import annotations

from typing import Literal, TypeAlias

Right: TypeAlias = Literal["define", "start", "steer", "answer", "read", "work", "observe", "copy", "entrust"]
"""To publish, to start, to command executions, to do human tasks, to look at them, to run activities, to look at the server, to take all
of it away, to keep secrets."""
