"""The way back of a person who has authorized a credential in a browser: `GET /oauth2/callback`, which its server sends him to.

    page ─► `POST …/connect` ─► a cookie, and the address of the server ─► the person agrees ─► `/oauth2/callback?state=…&code=…`
                                                                            or refuses ─► `…?state=…&error=…`
         ◄── `/credentials?chosen=NAME&outcome=…` ◄── the code is handed in, once

Who comes back proves by the state that this authorization was begun here, and by the cookie that it was in this browser: nobody can be
lured into authorizing what somebody else has begun. The address says the outcome in a word alone; what the server has said stands with
the credential.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.caller import caller_in
from api.links.page import told
from api.service import Service
from api.sites import is_loopback
from contracts.credentials import is_credential_name, name_in
from contracts.errors import LogError, NoConsent, NoCredential, Rejected

PATH: Final = "/oauth2/callback"
COOKIE: Final = "refold-consent."
"""What a cookie is called, before the name of the credential."""
COOKIE_S: Final = 30 * 60
BROWSER_BYTES: Final = 32
STATE_LENGTH_MAX: Final = 1_000
CODE_LENGTH_MAX: Final = 10_000
SAID: Final = {
    "connected": "It is authorized: who uses it is given tokens from now on.",
    "again": "It was authorized by this already: there is nothing left to do.",
    "refused": "The server has refused; what it says stands with the credential.",
    "away": "The server could not be asked for tokens; what went wrong stands with the credential. Begin again.",
    "expired": "This took too long, and is not waited for any more. Begin again.",
    "broken_off": "This was come back from already, and was not finished. Begin again.",
    "foreign": "Nobody has begun this authorization here, in this browser, or it was begun anew since. Begin again.",
    "unreadable": "The server has sent back neither a code nor a refusal. Begin again.",
    "unready": "The credentials cannot be had just now. Begin again in a minute.",
}
"""By the word in the address what a page without the web UI says."""


class Leaving(NamedTuple):
    """What somebody leaves with who is to come back: to where, with what in the browser, and up to which path."""

    redirect_uri: str
    browser: str

    def cookie(self, name: str) -> str:
        """The cookie that the browser brings back, to this path alone; no script sees it."""
        there = urlsplit(self.redirect_uri)
        secure = "; Secure" if there.scheme == "https" else ""
        return f"{COOKIE}{name}={self.browser}; Max-Age={COOKIE_S}; Path={there.path}; HttpOnly; SameSite=Lax{secure}"


def redirect_uri(public_url: str | None) -> str | None:
    """Where people come back to, where it is set by which address they reach this server."""
    return None if public_url is None else public_url.rstrip("/") + PATH


def leaving(page: str, public_url: str | None, chance: bytes) -> Leaving:
    """For a page that is open at this address. Raises Rejected where nobody would come back to it."""
    root = page.rstrip("/")
    if public_url is not None and root != public_url.rstrip("/"):
        there = public_url.rstrip("/")
        said = f"people come back to {there} (`public_url`), and this page is open at {root}: open {there}/credentials, and begin there"
        raise Rejected("another_address", said)
    if public_url is None and not is_loopback(_host(page)):
        said = (
            f"nobody knows for sure that people reach this server as {root}: start it with the setting `public_url` "
            f"(REFOLD_PUBLIC_URL={root}), and register {root}{PATH} where the credential comes from"
        )
        raise Rejected("no_public_url", said)
    return Leaving(root + PATH, base64.urlsafe_b64encode(chance).decode().rstrip("="))


def _host(page: str) -> str:
    """The host of a page; empty where its address is none."""
    try:
        return urlsplit(page).hostname or ""
    except ValueError:
        return ""


class WayBack:
    """Takes whoever comes back."""

    def __init__(self, service: Service, has_ui: bool) -> None:
        self._service, self._has_ui = service, has_ui

    async def take(self, request: Request) -> Response:
        """The answer to a request."""
        state = request.query_params.get("state", "")[:STATE_LENGTH_MAX]
        name = name_in(state)
        if not is_credential_name(name):
            return self._answer("", "foreign")
        return self._answer(name, await self._outcome(request, name, state))

    async def _outcome(self, request: Request, name: str, state: str) -> str:
        asked, by = request.query_params, caller_in(request.scope).actor
        browser = request.cookies.get(COOKIE + name, "")
        consents = self._service.credentials.consents
        try:
            if "error" in asked:
                said = ": ".join(filter(None, (asked["error"], asked.get("error_description", ""))))
                await asyncio.to_thread(consents.refuse, name, state, said, by, browser)
                return "refused"
            code = asked.get("code", "")
            if not 0 < len(code) <= CODE_LENGTH_MAX:
                return "unreadable"
            await asyncio.to_thread(consents.finish, name, state, code, by, browser)
        except NoConsent as error:
            return error.outcome
        except (NoCredential, LogError):
            return "unready"
        except Rejected:
            return "foreign"
        return "connected"

    def _answer(self, name: str, outcome: str) -> Response:
        if not self._has_ui:
            return told(200 if outcome in ("connected", "again") else 409, f"Credential {name}".strip(), SAID[outcome])
        asked = urlencode({**({"chosen": name} if name else {}), "outcome": outcome})
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse(f"../credentials?{asked}", 303, headers)  # relative: behind any prefix that a proxy has taken off


def consent_route(service: Service, has_ui: bool) -> Route:
    """The route over a service."""
    return Route(PATH, WayBack(service, has_ui).take, methods=["GET"], include_in_schema=False)
