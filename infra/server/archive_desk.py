"""The archive of a server, for whoever asks over the API. See `contracts.ports.archive.Archive`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, BinaryIO, Final, TypeAlias

from contracts.errors import ArchiveDamaged, LogError, LogUnreachable, Rejected
from contracts.ports.archive import Made
from infra.files.shelf_at import shelf_at
from workers.archive.bundle import Bundle
from workers.archive.joiner import SUFFIX
from workers.archive.summary import summary_of

MAKE_S: Final = 50.0
"""So long whoever asks waits until what is due is archived; it goes on after that, too."""
CHUNK_BYTES: Final = 1024 * 1024
Hurry: TypeAlias = Callable[[Callable[[str], None]], None]


class ArchiveDesk:
    """Lives in the event loop. `place` is the setting `archive`; `counted` says how much was archived and removed so far.

    The part that archives serves it.
    """

    def __init__(self, place: str | None, counted: Callable[[], Made]) -> None:
        self._place, self._counted = place, counted
        self._hurry: Hurry | None = None

    def serve(self, hurry: Hurry) -> None:
        """This does what is due at once, and calls back with what has failed, "" where nothing has."""
        self._hurry = hurry

    @property
    def is_there(self) -> bool:
        """See Archive."""
        return self._place is not None

    async def bundles(self) -> list[dict[str, Any]]:
        """See Archive."""
        return await asyncio.to_thread(self._bundles)

    def _bundles(self) -> list[dict[str, Any]]:
        if self._place is None:
            return []
        shelf = shelf_at(self._place)
        found: list[dict[str, Any]] = []
        for name in (one for one in shelf.names() if one.endswith(SUFFIX)):
            try:
                with shelf.open(name) as file:
                    found.append({**summary_of(name, Bundle(file), shelf.size(name)), "problem": None})
            except ArchiveDamaged as error:
                found.append({"bundle": name, "problem": str(error)})
            except KeyError:  # taken away meanwhile
                continue
        return found

    async def holding(self, execution: str) -> str:
        """See Archive."""
        return await asyncio.to_thread(self._holding, execution)

    def _holding(self, execution: str) -> str:
        shelf = None if self._place is None else shelf_at(self._place)
        for name in [] if shelf is None else reversed([one for one in shelf.names() if one.endswith(SUFFIX)]):
            try:
                assert shelf is not None
                with shelf.open(name) as file:
                    if Bundle(file).line_of(execution) is not None:
                        return name
            except (ArchiveDamaged, KeyError):  # it cannot be read, or was taken away meanwhile
                continue
        return ""

    async def read(self, bundle: str) -> AsyncIterator[bytes]:
        """See Archive."""
        return _chunks(await asyncio.to_thread(self._open, bundle))

    def _open(self, bundle: str) -> BinaryIO:
        if self._place is not None and bundle.endswith(SUFFIX) and "/" not in bundle and not bundle.startswith("."):
            try:
                return shelf_at(self._place).open(bundle)
            except KeyError:
                pass
        raise Rejected("unknown_bundle", f"there is no bundle {bundle} in the archive of this server")

    async def make(self) -> Made:
        """See Archive."""
        if self._hurry is None:
            raise Rejected("no_archive", "this server archives nothing: name the folder for bundles, setting `archive`, and start it again")
        before, done = self._counted(), asyncio.get_running_loop().create_future()
        self._hurry(lambda why: None if done.done() else done.set_result(why))
        try:
            async with asyncio.timeout(MAKE_S):
                why = await done
        except TimeoutError:
            raise LogUnreachable(f"what is due is not archived within {MAKE_S:g} s; it goes on") from None
        if why:
            raise LogError(why)
        now = self._counted()
        return Made(now.archived - before.archived, now.removed - before.removed)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()
