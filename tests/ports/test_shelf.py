"""The conformance suite of `contracts/ports/shelf.py`: a folder, an object store, and a place that is reached by its URL."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pytest

from contracts.errors import ShelfError
from contracts.ports.shelf import Shelf
from infra.files.shelf_at import shelf_at


@pytest.fixture(params=["folder", "memory", "url of a folder"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    places = {"folder": str(tmp_path / "a" / "b"), "memory": f"memory://{uuid4().hex}/b", "url of a folder": f"file://{tmp_path}/c/d"}
    return shelf_at(places[request.param])


def put(shelf: Shelf, name: str, *pieces: bytes) -> None:
    def fill(file: BinaryIO) -> None:
        for piece in pieces:
            file.write(piece)

    shelf.write(name, fill)


def test_what_is_put_there_is_there(shelf: Shelf) -> None:
    assert shelf.names() == []
    put(shelf, "b", b"one", b"two")
    put(shelf, "a", b"")
    assert shelf.names() == ["a", "b"]
    with shelf.open("b") as file:
        file.seek(3)
        assert file.read() == b"two"
    assert (shelf.size("a"), shelf.size("b")) == (0, 6)


def test_the_same_name_twice_is_the_last(shelf: Shelf) -> None:
    put(shelf, "a", b"long before")
    put(shelf, "a", b"now")
    with shelf.open("a") as file:
        assert file.read() == b"now"
    assert shelf.names() == ["a"]


def test_a_file_gets_another_name_or_is_gone(shelf: Shelf) -> None:
    put(shelf, "a", b"x")
    shelf.rename("a", "b")
    assert shelf.names() == ["b"]
    shelf.delete("b")
    shelf.delete("b")
    assert shelf.names() == []


def test_what_is_not_there_is_said(shelf: Shelf) -> None:
    put(shelf, "a", b"x")
    for ask in (shelf.open, shelf.size):
        with pytest.raises(KeyError, match="other"):
            ask("other")


def test_what_cannot_be_written_leaves_nothing(shelf: Shelf) -> None:
    def fill(file: BinaryIO) -> None:
        file.write(b"half")
        raise ZeroDivisionError

    with pytest.raises((ZeroDivisionError, ShelfError)):
        shelf.write("a", fill)
    assert shelf.names() == []


def test_a_place_that_nobody_can_reach_is_said() -> None:
    with pytest.raises(ShelfError, match="nowhere://x cannot be used"):
        shelf_at("nowhere://x")
