"""Pieces: small bundles beside the log, each of which says by its name how far it has come on its way to the archive.

    <number>.archived   its executions are in it, durable and read back, and may still be in the log
    <number>.removed    they are in the log no more
    <number>.swept      nor are payloads that nobody else refers to: it waits to be joined with others into one bundle

A process that dies goes on from the names. Numbers rise; they are times in milliseconds, so that no two are alike.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

from contracts.ports.shelf import Fill, Shelf

Stage: TypeAlias = Literal["archived", "removed", "swept"]
STAGES: Final[tuple[Stage, ...]] = ("archived", "removed", "swept")


class Piece(NamedTuple):
    """A piece, by its name."""

    number: int
    stage: Stage

    @property
    def name(self) -> str:
        """Its file."""
        return f"{self.number:015d}.{self.stage}"


class Pieces:
    """The pieces of a partition, on a shelf of their own."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def at(self, *stages: Stage) -> list[Piece]:
        """Those that have come so far, the oldest first."""
        return [piece for piece in map(_read, self.shelf.names()) if piece is not None and piece.stage in stages]

    def write(self, now: int, fill: Fill) -> Piece:
        """A new piece."""
        last = max((piece.number for piece in self.at(*STAGES)), default=0)
        piece = Piece(max(now, last + 1), "archived")
        self.shelf.write(piece.name, fill)
        return piece

    def move(self, piece: Piece, stage: Stage) -> Piece:
        """It has come further."""
        moved = piece._replace(stage=stage)
        if moved != piece:
            self.shelf.rename(piece.name, moved.name)
        return moved

    def drop(self, piece: Piece) -> None:
        """It is of no more use."""
        self.shelf.delete(piece.name)


def _read(name: str) -> Piece | None:
    number, _, stage = name.partition(".")
    found = next((one for one in STAGES if one == stage), None)
    return Piece(int(number), found) if found is not None and number.isdecimal() else None
