"""What both clients have of the operations is written out by a program, and is as it would be written now."""

from __future__ import annotations

import inspect

import pytest

from api.client_methods import written
from api.operations import OPERATIONS
from refold.client.asynchronous import AsyncClient
from refold.client.blocking import Client
from refold.client.operations import METHODS
from refold.client.requests import asked

DECLARED = [one.client.name for one in OPERATIONS if one.client is not None]


def test_the_methods_are_written_as_the_operations_are_declared() -> None:
    for file, text in written().items():
        assert file.read_text() == text, "write them again: make clients"


@pytest.mark.parametrize("name", DECLARED)
def test_both_clients_have_the_method_and_say_what_it_does(name: str) -> None:
    for client in (Client, AsyncClient):
        method = inspect.getattr_static(client, name)
        assert method.__doc__
        assert inspect.signature(method).return_annotation in ("dict[str, Any]", "Rows")
    assert inspect.iscoroutinefunction(getattr(AsyncClient, name))


def test_what_the_command_line_asks_of_a_server_is_declared() -> None:
    assert set(METHODS.values()) <= set(DECLARED)


def test_what_is_left_out_is_not_said() -> None:
    assert asked("POST", "/x", body={"reason": "", "version": 3}).body == b'{"version":3}'
    assert asked("POST", "/x").body == b"{}"
    assert asked("GET", "/x", query={"version": None}) == asked("GET", "/x")
    assert asked("GET", "/x", query={"version": 2}).path == "/x?version=2"
