"""The token that a broker lets us in with (OAUTHBEARER): a file that somebody keeps fresh, as Kubernetes does. Read at each connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiokafka.abc import AbstractTokenProvider


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Gives what stands in a file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def token(self) -> str:
        """The token as it is now."""
        return (await asyncio.to_thread(self._path.read_text)).strip()
