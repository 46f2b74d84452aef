"""`credentials authorize`: sends a person to the server that a credential is of, and takes what he comes back with."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from refold.cli.commands.credentials import keeper_of
from refold.cli.commands.output import OK, BadInput, say
from refold.cli.options import Where

PAGE: Final = b"<!doctype html><title>Refold</title><p>That is all: you can close this page, and go back to the terminal."
ADDRESS_LENGTH_MAX: Final = 20_000


def authorize(where: Where, name: str, port: int, redirect_uri: str | None) -> int:
    """Say where to go, and wait for the way back."""
    keeper = keeper_of(where)
    if redirect_uri is not None:
        say(f"go to {keeper.begin_authorization(name, redirect_uri)['url']}")
        say("and paste here the address that you are sent back to:")
        sys.stdout.flush()
        state, code = came_back_with(sys.stdin.readline(ADDRESS_LENGTH_MAX).strip())
    else:
        with _Back(("127.0.0.1", port)) as back:
            say(f"go to {keeper.begin_authorization(name, f'http://127.0.0.1:{back.server_port}/')['url']}")
            sys.stdout.flush()
            while not back.address:
                back.handle_request()
        state, code = came_back_with(back.address)
    keeper.finish_authorization(name, state, code)
    say(f"credential {name} is authorized")
    return OK


def came_back_with(address: str) -> tuple[str, str]:
    """State and code in the address that a person was sent back to. Raises BadInput that says what is there instead."""
    found = parse_qs(urlsplit(address).query)
    if "error" in found:
        raise BadInput(f"the server has refused: {found['error'][0][:100]} {found.get('error_description', [''])[0][:200]}".strip())
    if not found.get("code") or not found.get("state"):
        raise BadInput("expected the address that the server sends back to, with `code` and `state` in it")
    return found["state"][0], found["code"][0]


class _Back(HTTPServer):
    """Takes the one request of the browser that comes back; whatever else it asks for meanwhile is not there."""

    def __init__(self, at: tuple[str, int]) -> None:
        self.address = ""
        try:
            super().__init__(at, _Handler)
        except OSError as error:
            raise BadInput(f"--port {at[1]}: {error.strerror}") from None


class _Handler(BaseHTTPRequestHandler):
    server: _Back

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        is_back = "state" in query and ("code" in query or "error" in query)
        self.send_response(200 if is_back else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        if is_back:
            self.wfile.write(PAGE)
            self.server.address = self.path

    def log_message(self, *_: Any) -> None:
        """The code is in the address: no line of it."""
