"""How many requests there are: counted where they come in, told by `/metrics`."""

from __future__ import annotations

from api.readers import Readers


class Requests:
    """Those of one server."""

    def __init__(self) -> None:
        self.readers = Readers()
        self.under_way = 0
        """Not counting those whose answer is not read yet."""
        self.by_lane = 0
        """Those that the lane has answered, or is about to."""

    @property
    def counted(self) -> int:
        """Requests that are under way, with those whose answer is not read yet."""
        return self.under_way + self.readers.count
