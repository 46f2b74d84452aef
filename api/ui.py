"""The web UI: files that were built before, served from memory.

    /assets/NAME      a file whose name has the hash of its content: kept for ever; one that there is not is 404, never the shell
    any other GET     that accepts HTML, of a path that nothing else has: the shell, which asks whether it is still the same

The shell names its assets relative to itself, so it is told how deep the path lies that it is asked by: that holds under any prefix
that a proxy has taken off, and nobody has to say which.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from api.accepted import weights_in

STATIC: Final = Path(__file__).parent / "static"
ASSETS: Final = "/assets/"
DEPTH_MAX: Final = 32
"""So many slashes a path of the UI has at most."""
_SHELL: Final = "index.html"
_RECORD: Final = "build.json"
_OWN: Final = b"./assets/"
"""How the shell names what lies beside it, as it was built."""
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""The dearest first: what it costs was paid when it was built."""
_HTML: Final = ("text/html", "application/xhtml+xml")
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_SAFE: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FOR_EVER: Final = {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN: Final = {**_SAFE, "Cache-Control": "no-cache"}
HOW: Final = "run `make ui` in a checkout of Refold (it needs the registries of Python and npm), then start the server again"
_MISSING: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Refold</title><h1>Refold is at work here, without its web UI</h1>"
    f"<p>It was not built: {HOW.replace('`make ui`', '<code>make ui</code>')}.</p>"
    "<p>All else is there: the HTTP API, described at <code>openapi.json</code>, and the command <code>refold</code>.</p></html>"
)


class File(NamedTuple):
    """A file of the UI: as it is, and compressed in the ways that make it smaller."""

    media_type: str
    forms: Mapping[str, bytes]
    """By the name of the encoding; `identity` is always there."""
    tags: Mapping[str, str]
    """The ETag of each form."""


class Ui:
    """All files of a build; without any it says how to come by one."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self.is_built = _SHELL in files
        self._assets = {name: file for name, file in files.items() if name.startswith(ASSETS[1:])}
        shell = files[_SHELL].forms["identity"] if self.is_built else b""
        self._shells = [_shell_at(shell, depth) for depth in range(DEPTH_MAX)]

    def answer_to(self, path: str, headers: list[tuple[bytes, bytes]], is_free: bool) -> Callable[[Request], Response] | None:
        """What answers a GET of a path; None for what is none of the UI's. A path `is_free` where no route begins as it does."""
        if self.is_built and path.startswith(ASSETS):
            return self.asset
        if not is_free or not accepts_html(headers):
            return None
        if self.is_built:
            return self.shell
        return _missing if path == "/" else None

    def asset(self, request: Request) -> Response:
        """A file by its name. Raises HTTPException where there is none: whoever wants a program is not given a page."""
        file = self._assets.get(request.url.path[1:])
        if file is None:
            raise HTTPException(404, "no such file in this build of the web UI")
        return _answer(file, request, _FOR_EVER)

    def shell(self, request: Request) -> Response:
        """The page that all of the UI lives in. Raises HTTPException for a path that is too deep."""
        depth = (request.scope.get("raw_path") or request.url.path.encode()).count(b"/") - 1
        if not 0 <= depth < DEPTH_MAX:
            raise HTTPException(404, f"a page of the web UI lies at most {DEPTH_MAX - 1} deep")
        return _answer(self._shells[depth], request, _ASK_AGAIN)


def read_ui(folder: Path = STATIC) -> Ui:
    """The build in a folder."""
    try:
        names = json.loads((folder / _RECORD).read_bytes())["files"]
        contents = {name: (folder / name).read_bytes() for name in names}
    except (OSError, ValueError, KeyError, TypeError):
        contents = {}
    return Ui({name: _file(name, contents) for name in contents if not name.endswith((".br", ".gz"))})


def is_there(folder: Path = STATIC) -> bool:
    """Whether there is a build in a folder; it is not read."""
    return (folder / _RECORD).exists()


def add_ui(app: FastAPI, ui: Ui) -> None:
    """Let the UI answer what no route does."""
    taken = {route.path.split("/")[1] for route in app.routes if isinstance(route, Route | WebSocketRoute)}
    unknown = app.router.default

    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        is_get = scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith("/")
        path = scope["path"]
        answer_to = ui.answer_to(path, scope["headers"], path.split("/")[1] not in taken) if is_get else None
        answer = unknown if answer_to is None else answer_to(Request(scope, receive))
        await answer(scope, receive, send)

    app.router.default = rest


def _missing(request: Request) -> Response:
    return HTMLResponse(_MISSING, 200, _ASK_AGAIN)


def accepts_html(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request names HTML among what it takes: a program that takes anything is not meant."""
    accepted = [weights_in(value.decode("latin-1")) for name, value in headers if name == b"accept"]
    return any(one.get(html, 0.0) > 0 for one in accepted for html in _HTML)


def _file(name: str, contents: Mapping[str, bytes]) -> File:
    forms = {encoding: contents[name + ending] for encoding, ending in _ENCODINGS if name + ending in contents}
    return _of(_TYPES.get(Path(name).suffix, "application/octet-stream"), {**forms, "identity": contents[name]})


def _of(media_type: str, forms: Mapping[str, bytes]) -> File:
    digest = hashlib.sha256(forms["identity"]).hexdigest()[:32]
    return File(media_type, forms, {encoding: f'"{digest}{"" if encoding == "identity" else "-" + encoding}"' for encoding in forms})


def _shell_at(shell: bytes, depth: int) -> File:
    """The shell for a path with so many slashes after the first; too small to be worth compressing."""
    return _of(_TYPES[".html"], {"identity": shell.replace(b'"' + _OWN, b'"' + b"../" * depth + b"assets/")})


def _answer(file: File, request: Request, headers: Mapping[str, str]) -> Response:
    encoding = _best(file, request)
    tag = file.tags[encoding]
    given = {**headers, "ETag": tag, **({"Vary": "Accept-Encoding"} if len(file.forms) > 1 else {})}
    if _knows(request, tag):
        return Response(status_code=304, headers=given)
    if encoding != "identity":
        given["Content-Encoding"] = encoding
    return Response(file.forms[encoding], 200, given, media_type=file.media_type)


def _best(file: File, request: Request) -> str:
    taken = weights_in(",".join(request.headers.getlist("accept-encoding")))
    return next((name for name, _ in _ENCODINGS if name in file.forms and taken.get(name, taken.get("*", 0.0)) > 0), "identity")


def _knows(request: Request, tag: str) -> bool:
    """Whether the other side has this very form already."""
    given = [one.strip().removeprefix("W/") for value in request.headers.getlist("if-none-match") for one in value.split(",")]
    return tag in given or "*" in given
