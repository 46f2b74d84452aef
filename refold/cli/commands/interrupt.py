"""Ctrl-C as a request to stop, not a blow."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether somebody has asked to stop (Ctrl-C or SIGTERM). The second time it takes its usual effect."""

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    @property
    def exit_code(self) -> int:
        """As a shell expects it: 130 after Ctrl-C."""
        return 128 + self.number

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Remember it; what runs is let end."""
        self.number = number
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Within, Ctrl-C does not break off but asks to stop."""
    interrupt = Interrupt()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, interrupt.ask) for number in numbers]
    try:
        yield interrupt
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
