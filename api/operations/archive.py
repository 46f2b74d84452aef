"""Operations on the archive: which bundles there are, one to be taken away, and to have what is due archived at once."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path
from fastapi.responses import StreamingResponse

from api import server_models
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service

Name = Annotated[str, Path(max_length=200, description="The name of a bundle")]
BYTES: Final = "application/octet-stream"
_BINARY: Final = {"responses": {200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}}}


async def list_bundles(service: Service) -> Reply:
    """The bundles in the archive of this server, and what is in each."""
    return Reply({"bundles": await service.archive_desk.bundles()})


async def read_bundle(service: Service, bundle: Name) -> StreamingResponse:
    """A bundle, which proves itself: `refold verify FILE`."""
    return StreamingResponse(await service.archive_desk.read(bundle), media_type=BYTES)


async def make_archive(service: Service) -> Reply:
    """Archive and remove what is past its retention at once, also of this day. Others that share the log do the same by themselves."""
    made = await service.archive_desk.make()
    return Reply({"archived": made.archived, "removed": made.removed})


ARCHIVE_OPERATIONS: Final = (
    Operation(
        method="GET", path="/v1/archive", tag="archive", right="observe", do=list_bundles, answer=server_models.Bundles,
        client=ClientMethod("bundles", "bundles", "The bundles in the archive of the server, and what is in each."),
    ),
    Operation(
        method="GET", path="/v1/archive/{bundle}", tag="archive", right="copy", do=read_bundle, described=_BINARY,
        problems=(404,),
    ),
    Operation(
        method="POST", path="/v1/archive", tag="archive", right="steer", do=make_archive, answer=server_models.Archived, problems=(409,),
        client=ClientMethod("make_archive", says="Archive and remove what is past its retention at once."),
    ),
)  # fmt: skip
