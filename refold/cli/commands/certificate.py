"""The certificate of `verify`: what was decided again, how far, by which engine, and the digests that it came to; checked elsewhere."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from contracts.journal import SCHEMA
from contracts.times import rfc3339
from infra.clock import SystemClock
from infra.server.verifying import Proof, Task
from refold import __version__
from refold.cli.commands.output import BadInput

FORMAT: Final = 1
BYTES_MAX: Final = 10_000_000


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One journal: up to which offset, what was decided again of it, and the digest of the chains of its executions."""

    partition: int
    end: int
    executions: int
    decisions: int
    events: int
    sealed: int
    erased: int
    differences: int
    digest: str


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. `since` is milliseconds since 1970, 0 for all executions; `digest` is that of the rest of the certificate."""

    format: int
    made_at: str
    engine: str
    python: str
    schema: int
    since: int
    partitions: tuple[Part, ...]
    digest: str = ""


def certificate_of(task: Task, proofs: Mapping[int, Proof]) -> Certificate:
    """What this machine has found."""
    parts = tuple(_part(partition, task.ends[partition], proof) for partition, proof in sorted(proofs.items()))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return signed(Certificate(FORMAT, rfc3339(SystemClock().now()), __version__, python, SCHEMA, task.since, parts))


def signed(certificate: Certificate) -> Certificate:
    """The same with the digest of what it says."""
    return msgspec.structs.replace(certificate, digest=_digest(certificate))


def _part(partition: int, end: int, proof: Proof) -> Part:
    return Part(
        partition, end, proof.executions, proof.decisions, proof.events, proof.closed, proof.erased, len(proof.differences), proof.digest
    )


def _digest(certificate: Certificate) -> str:
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(certificate, digest=""))).hexdigest()


def write(file: Path, certificate: Certificate) -> None:
    """Write it. Raises BadInput where that cannot be."""
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(certificate), indent=2) + b"\n")
    except OSError as error:
        raise BadInput(f"--certificate: {file} cannot be written: {error.strerror or error}") from None


def read(file: Path) -> Certificate:
    """One that was made elsewhere. Raises BadInput where it is none, or was changed."""
    try:
        with file.open("rb") as opened:
            content = opened.read(BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"--against: {file} cannot be read: {error.strerror or error}") from None
    try:
        found = msgspec.json.decode(content, type=Certificate)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"--against: {file} is no certificate of `refold verify`: {error}") from None
    if found.format != FORMAT:
        raise BadInput(f"--against: {file} is a certificate of format {found.format}; this build reads format {FORMAT}")
    if found.digest != _digest(found):
        raise BadInput(f"--against: {file} was changed: its digest is not that of what it says")
    return found


def ends_in(certificate: Certificate, ends: Mapping[int, int]) -> dict[int, int]:
    """How far a certificate goes, in a log that goes so far. Raises BadInput where the log has other journals, or ends before it."""
    wanted = {part.partition: part.end for part in certificate.partitions}
    if [part.partition for part in certificate.partitions] != sorted(ends):
        raise BadInput(f"the certificate is of a log with {len(certificate.partitions)} partitions, and this one has {len(ends)}")
    for partition, end in wanted.items():
        if ends[partition] < end:
            raise BadInput(f"partition {partition} ends at offset {ends[partition]:,}, and the certificate goes to {end:,}")
    return wanted


def parted(certificate: Certificate, own: Certificate) -> Iterator[str]:
    """Where what was found here is not what the certificate says. How much was read is not compared where others have the keys."""
    for said, found in zip(certificate.partitions, own.partitions, strict=True):
        counts = ("executions", "decisions", "events") if said.sealed == found.sealed else ()
        for name in (*counts, "erased", "differences"):
            if getattr(said, name) != getattr(found, name):
                yield f"partition {said.partition}: {getattr(found, name):,} {name}, the certificate says {getattr(said, name):,}"
        if said.digest != found.digest:
            yield f"partition {said.partition}: the digest is {found.digest[:16]}…, the certificate says {said.digest[:16]}…"
