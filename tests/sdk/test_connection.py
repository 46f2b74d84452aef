"""Answers of HTTP/1.1 as they may come: in any pieces, with a length or in chunks."""

from __future__ import annotations

import pytest

from refold.client.connection import ANSWER_BYTES_MAX, Address, Answer, ConnectionLost, Parser

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
EARLY = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH


@pytest.mark.parametrize("text", [LENGTH, CHUNKED, EARLY])
@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_answer_is_read_in_any_pieces(text: bytes, size: int) -> None:
    parser = Parser()
    answers = [parser.feed((text * 2)[at : at + size]) for at in range(0, len(text) * 2, size)]
    found = [answer for answer in answers if answer is not None]
    assert {answer.body for answer in found} == {b"hello"}


def test_an_answer_without_content_has_no_body() -> None:
    assert Parser().feed(b"HTTP/1.1 204 No Content\r\n\r\n") == Answer(204, {}, b"")


def test_a_connection_that_the_server_closes_is_not_kept() -> None:
    parser = Parser()
    parser.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert not parser.keeps_open


@pytest.mark.parametrize("text", [b"SSH-2.0-x\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"x" * 70_000])
def test_what_is_no_answer_ends_the_connection(text: bytes) -> None:
    with pytest.raises(ConnectionLost):
        Parser().feed(text)


SIZED, PIECES = b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s"


@pytest.mark.parametrize("size", [b"-1", b"1e3", b"9" * 5_000, b"18446744073709551616", b"\xb2", b"5, 5"])
def test_an_answer_whose_size_is_none_ends_the_connection(size: bytes) -> None:
    with pytest.raises(ConnectionLost):
        Parser().feed(SIZED % size)


@pytest.mark.parametrize("pieces", [b"x\r\n", b"-1\r\n", b"fffffffffff\r\n", b"\r\n", b"1" * 70_000])
def test_a_piece_of_an_answer_whose_size_is_none_ends_the_connection(pieces: bytes) -> None:
    with pytest.raises(ConnectionLost):
        Parser().feed(PIECES % pieces)


def test_an_answer_in_pieces_is_as_large_as_any_at_most() -> None:
    parser, piece = Parser(), b"1000000\r\n" + b" " * 0x1000000 + b"\r\n"
    parser.feed(PIECES % b"")
    for _ in range(ANSWER_BYTES_MAX // 0x1000000 - 1):
        assert parser.feed(piece) is None
    with pytest.raises(ConnectionLost, match="are read at most"):
        parser.feed(piece * 2)


def test_a_status_that_is_no_number_ends_the_connection() -> None:
    with pytest.raises(ConnectionLost):
        Parser().feed(b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n")


def test_a_header_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="line break"):
        Address("http://a").request("GET", "/", None, {"x": "a\r\nb: c"})


@pytest.mark.parametrize("url", ["ftp://a", "http://", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected a URL"):
        Address(url)
