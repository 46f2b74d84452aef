"""How the kinds of RAG have something done by the process that can."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

from msgspec import Raw

from contracts.ports.activities import ActivityContext
from contracts.values import decode, encode
from refold.extras import how_to_install
from workers.running.activity_error import ActivityError
from workers.running.ai.process import AiProcess
from workers.running.ai.wire import Done, Work

_NEEDED: Final = "numpy"
"""Which module tells whether the extra is installed."""


def done(process: AiProcess, context: ActivityContext, name: str, given: dict[str, Any], timeout_s: float) -> Any:
    """What has come of a work. Raises ActivityError, Cancelled."""
    if find_spec(_NEEDED) is None:
        message = f"documents are read and searched by libraries that are not installed here: {how_to_install('rag')}"
        raise ActivityError("rag.not_installed", message, retryable=False)
    answer = process.work(context, Work(number=0, name=name, given=Raw(encode(given)), timeout_s=timeout_s))
    if isinstance(answer, Done):
        return decode(bytes(answer.content))
    raise ActivityError(answer.type, answer.message, details=answer.details, retryable=answer.retryable, retry_after_s=answer.retry_after_s)
