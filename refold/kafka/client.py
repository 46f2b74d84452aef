"""How a client of Kafka is started and given up, and why one fails: every use of aiokafka in Refold stands on this.

aiokafka is an extra of the package: whoever imports this has called `check_installed` of `refold/kafka/address.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError, KafkaError, SaslAuthenticationFailed

from refold.errors import RefoldError

CONNECT_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 1.0
_FATAL: Final = (AuthenticationFailedError, SaslAuthenticationFailed)


class _LastWords(logging.Handler):
    """aiokafka says in its log alone why a connection fails, and it says it with every try: what our errors quote is the last of it."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the line."""
        self.said = record.getMessage()


_last_words = _LastWords(logging.WARNING)
logging.getLogger("aiokafka").addHandler(_last_words)
logging.getLogger("aiokafka").propagate = False


def reason(error: BaseException | None) -> str:
    """Why something failed, as far as anybody knows: an error of a connection does not say it itself."""
    if isinstance(error, KafkaConnectionError) and _last_words.said:
        return _last_words.said
    return repr(error) if error is not None else "no answer"


def told(error: BaseException) -> str:
    """What is said of an error: what is ours says it itself."""
    return str(error) if isinstance(error, RefoldError) else reason(error)


def is_fatal(error: BaseException) -> bool:
    """Whether the broker refuses us, so that trying again would not help."""
    return isinstance(error, _FATAL)


def is_away(error: BaseException) -> bool:
    """Whether a broker, or the connection to it, is gone: uvloop says so of a connection by a RuntimeError."""
    is_closed = isinstance(error, RuntimeError) and "the handler is closed" in str(error)
    return is_closed or isinstance(error, KafkaError | OSError | TimeoutError)


async def start(client: Any, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
    """Start a client; wait only so long. Raises what it raises, and TimeoutError."""
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.wait({starting}, timeout=timeout_s)
    finally:
        starting.add_done_callback(look_at)
        if not starting.done():
            starting.cancel()
    if not starting.done() or starting.cancelled():
        raise TimeoutError(f"not started within {timeout_s:g} s")
    starting.result()


async def give_up(work: Coroutine[Any, Any, object], timeout_s: float = CLOSE_TIMEOUT_S) -> None:
    """Run something that may hang or raise anything, in a task of its own; wait for it so long, then leave it behind.

    Closing an aiokafka client while its broker is away can raise CancelledError, which would end the caller's task
    without a word, and can take for ever; `asyncio.wait` keeps both from us.
    """
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=timeout_s)
    task.add_done_callback(look_at)
    task.cancel()


def look_at(task: asyncio.Future[Any]) -> None:
    """An error that nobody waits for is no news."""
    if not task.cancelled():
        task.exception()
