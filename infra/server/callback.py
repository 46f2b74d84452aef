"""Awaiting what answers by a callback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def awaited(begin: Callable[[Callable[[T | Exception], None]], Callable[[], None]]) -> T:
    """Begin something and wait for its outcome; what `begin` gives back is called when nobody waits any more."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def then(outcome: T | Exception) -> None:
        if future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    forget = begin(then)
    try:
        return await future
    finally:
        forget()
