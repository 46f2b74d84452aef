"""Whether a program can be read, before anybody runs it: asked of monty, in a process of its own that can be harmed by nothing.

A line before the program ends it at once. So all of it is read, and nothing of it is run. Its syntax is that of the newest
Python; what only monty does not know is no fault of a program for `sandbox: process`.
"""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_monty import Monty

SOURCE_LENGTH_MAX: Final = 200_000
"""A longer program is not read before it runs."""
READ_S: Final = 2.0
"""One that takes longer to read is not read to its end before it runs."""
NOT_KNOWN: Final = "The monty syntax parser does not yet support "
_TOO_DEEP: Final = "Source is too deeply nested"
_STOP: Final = "raise ValueError\n"
_lock: Final = threading.Lock()
_pool: Monty | None = None


def fault_in(source: str, is_for_monty: bool) -> str | None:
    """What is wrong with a program, and in which line; None where nothing is, or where it cannot be found out."""
    from pydantic_monty import MontyError

    if len(source) > SOURCE_LENGTH_MAX:
        return None
    limits: Any = {"max_feed_duration_secs": READ_S}
    with _lock:
        try:
            with _open_pool().checkout(limits=limits) as session:
                session.feed_run(_STOP + source)
        except MontyError as error:
            return _said(error, is_for_monty)
        except Exception:  # it crashed, or cannot be started here: whoever runs the program hears of it
            return None
    return None


def _said(error: Any, is_for_monty: bool) -> str | None:
    inner = error.exception()
    name, message = type(inner).__name__, str(inner)
    lines = [frame.line - 1 for frame in error.traceback()]
    where = f"line {lines[-1]}: " if lines and lines[-1] else ""
    if name == "SyntaxError" and (is_for_monty or message != _TOO_DEEP):
        return where + message
    if name == "NotImplementedError" and is_for_monty and message.startswith(NOT_KNOWN):
        return where + unknown_syntax(message)
    return None


def unknown_syntax(message: str) -> str:
    """What monty says of syntax that it does not know, with the way out."""
    return f"this sandbox does not know {message.removeprefix(NOT_KNOWN)}; `sandbox: process` runs all of Python"


def _open_pool() -> Monty:
    global _pool
    if _pool is None:
        from pydantic_monty import Monty

        _pool = Monty(max_processes=1).__enter__()
        atexit.register(_pool.__exit__, None, None, None)
    return _pool
