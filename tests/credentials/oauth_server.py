"""An OAuth 2.0 server on loopback, as RFC 6749 and RFC 7636 say it: it checks who asks, a code counts once, refresh tokens are replaced."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

CLIENT, SECRET = "refold/client", "cl1ent+s3cr3t %:ä"
REFUSED = "The person <b>said</b> no: ü"
"""What it says where somebody refuses."""


class OAuthServer:
    """`asked` has the grant of each request to the token endpoint; what `answer` has is answered instead.

    A server that `asks` shows a person a page with both choices; else everybody agrees.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.lasts: Any = 3_600
        self.asks = False
        self.answer: tuple[int, bytes] | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()
        self.access_tokens: list[str] = []
        self._lock = threading.Lock()
        oauth = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(asked.query).items()}
                if not query:
                    self.send_error(404)
                    return
                assert (query["response_type"], query["client_id"], query["code_challenge_method"]) == ("code", CLIENT, "S256")
                if oauth.asks and asked.path == "/authorize":
                    self._show(asked.query)
                    return
                if asked.path == "/deny":
                    self._send_back(query, error="access_denied", error_description=REFUSED)
                    return
                code = secrets.token_urlsafe(16)
                oauth.codes[code] = query
                self._send_back(query, code=code)

            def _send_back(self, query: dict[str, str], **found: str) -> None:
                self.send_response(302)
                self.send_header("location", f"{query['redirect_uri']}?{urlencode({**found, 'state': query['state']})}")
                self.end_headers()

            def _show(self, query: str) -> None:
                links = "".join(f'<p><a href="/{word}?{html.escape(query)}">{word.title()}</a></p>' for word in ("allow", "deny"))
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                icon = '<link rel="icon" href="data:,">'
                self.wfile.write(f"<!doctype html><html lang=en><title>Consent</title>{icon}<h1>Let Refold in?</h1>{links}".encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                status, content = oauth.token(form, self.headers.get("authorization", ""))
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        with self._lock:
            self.asked.append(form)
        self.may_answer.wait(30)
        if self.answer is not None:
            return self.answer
        shown = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        if [unquote_plus(part) for part in shown] != [CLIENT, SECRET]:
            return 401, b'{"error": "invalid_client"}'
        with self._lock:
            match form["grant_type"]:
                case "client_credentials":
                    return self._given(refreshes=False)
                case "authorization_code":
                    begun = self.codes.pop(form["code"], None)
                    challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
                    if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form["redirect_uri"]:
                        return 400, b'{"error": "invalid_grant", "error_description": "no such code"}'
                    return self._given(refreshes=True)
                case "refresh_token":
                    if form["refresh_token"] not in self.refresh_tokens:
                        return 400, json.dumps(
                            {"error": "invalid_grant", "error_description": f"{form['refresh_token']} {SECRET}"}
                        ).encode()
                    self.refresh_tokens.remove(form["refresh_token"])
                    return self._given(refreshes=True)
        return 400, b'{"error": "unsupported_grant_type"}'

    def _given(self, refreshes: bool) -> tuple[int, bytes]:
        access = f"acc3ss-{secrets.token_urlsafe(16)}"
        self.access_tokens.append(access)
        given: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": self.lasts}
        if refreshes:
            given["refresh_token"] = f"r3fresh-{secrets.token_urlsafe(16)}"
            self.refresh_tokens.add(given["refresh_token"])
        return 200, json.dumps(given).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
