"""Operations by which a data folder is copied over HTTP, a piece at a time: `refold backup --server`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field

from api.operations.operation import Operation, Reply
from api.service import Service

BLOBS_MAX: Final = 1_000
OFFSET_MAX: Final = 2**62
BYTES: Final = "application/octet-stream"
Topic = Literal["journal", "commands", "definitions", "dead-letters", "resources"]
_BINARY: Final = {"responses": {200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}}}


class LogEnds(BaseModel):
    """What there is to copy."""

    journal: str = Field(description="the id of the journal; empty where nobody has begun it")
    partitions: int
    ends: dict[str, int] = Field(description="by topic and partition, `journal/0`: the offset after the last record")


class BlobHashes(BaseModel):
    """Some big values, by their SHA-256, in order."""

    blobs: list[str]
    next: str | None = Field(description="go on behind this one")


async def describe_log(service: Service) -> Reply:
    """What there is to copy, and up to where."""
    return Reply(await service.copied(lambda source: source.describe()))


async def copy_rows(
    service: Service,
    topic: Annotated[Topic, Path()],
    partition: Annotated[int, Path(ge=0, le=1_023)],
    first: Annotated[int, Query(ge=0, le=OFFSET_MAX, description="the offset that the first row begins at, or holds")],
    end: Annotated[int, Query(ge=0, le=OFFSET_MAX, description="no row that begins here or behind")],
) -> Response:
    """Some rows of the log as they are stored, packed as in a segment of a backup; none where there are none."""
    return Response(await service.copied(lambda source: source.rows(topic, partition, first, end)), media_type=BYTES)


async def list_blobs(service: Service, after: Annotated[str, Query(max_length=64, description="`next` of the page before")] = "") -> Reply:
    """The big values that there are."""
    found = await service.copied(lambda source: source.blob_hashes(after, BLOBS_MAX))
    return Reply({"blobs": found, "next": found[-1] if len(found) == BLOBS_MAX else None})


async def copy_blob(service: Service, blob: Annotated[str, Path(max_length=64, description="its SHA-256")]) -> Response:
    """A big value."""
    return Response(await service.copied(lambda source: source.blob_content(blob)), media_type=BYTES)


BACKUPS: Final = (
    Operation(method="GET", path="/v1/backup", tag="backup", right="copy", do=describe_log, answer=LogEnds, problems=(409,)),
    Operation(
        method="GET", path="/v1/backup/rows/{topic}/{partition}", tag="backup", right="copy", do=copy_rows, described=_BINARY,
        problems=(409,),
    ),
    Operation(method="GET", path="/v1/backup/blobs", tag="backup", right="copy", do=list_blobs, answer=BlobHashes, problems=(409,)),
    Operation(
        method="GET", path="/v1/backup/blobs/{blob}", tag="backup", right="copy", do=copy_blob, described=_BINARY, problems=(404, 409),
    ),
)  # fmt: skip
