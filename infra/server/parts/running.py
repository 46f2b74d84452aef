"""What is done with a part that was made: moved by steps, begun, drained, stopped."""

from __future__ import annotations


class Running:
    """A part that was made: by itself it does nothing, and each says what it does otherwise."""

    def step(self) -> bool:
        """Do what can be done now, without waiting; True when anything was done."""
        return False

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""
        return None

    async def start(self) -> None:
        """Begin: the parts before it in the list have begun."""

    async def drain(self, stop_s: float) -> None:
        """Take nothing new; let what runs end, for so long at most, and hand over what others can take."""

    async def stop(self) -> None:
        """Let go of everything now: the parts behind it in the list have stopped. Also where it never began."""
