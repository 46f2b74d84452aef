"""How an activity says that it failed, and that it stopped because nobody waits for it any more: as in any worker (`refold.errors`)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from contracts.failure import Failure, details_of
from refold.errors import ActivityError, Cancelled
from refold.worker import raised
from refold.worker.raised import is_retryable

_ENGINE: Final = (
    str(Path(raised.__file__).parents[1]),
    *(str(Path(__file__).parents[2] / name) for name in ("contracts", "workers", "infra")),
)
"""Where frames are ours: built-in kinds are no user's code."""


def failure_of(error: BaseException) -> Failure:
    """The failure that stands for an exception: see `refold.worker.raised`. Never raises."""
    said = raised.told(error, _ENGINE)
    return Failure(said.type, said.message, details_of(said.details))


def traceback_of(error: BaseException) -> str:
    """The frames of code that is not ours; nothing where there are none."""
    return raised.where(error, _ENGINE)


__all__ = ["ActivityError", "Cancelled", "failure_of", "is_retryable", "traceback_of"]
