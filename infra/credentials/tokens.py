"""Access tokens: how they are asked for, at the token endpoint of an OAuth 2.0 server, by the grants that a credential allows.

The protocol is authlib's; the requests go out as those of `http_request` do: to public addresses alone, within a time, cut off at a size.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec

from contracts.credentials import state_of
from contracts.errors import NoCredential
from contracts.sealed_value import HIDDEN
from workers.running.activity_error import ActivityError
from workers.running.egress.addresses import Allow, resolve
from workers.running.egress.plain_request import PlainRequest

if TYPE_CHECKING:
    from workers.running.egress.exchange import Answer

TIMEOUT_S: Final = 20.0
ANSWER_BYTES_MAX: Final = 256 * 1024
LIFETIME_S_DEFAULT: Final = 300
"""How long a token is used whose server does not say how long it lasts."""
LIFETIME_S_MAX: Final = 10 * 365 * 86_400
HIDDEN_FIELDS: Final = ("client_secret", "refresh_token", "code", "code_verifier")
"""Of what was sent, what no refusal repeats."""
VERIFIER_BYTES: Final = 48


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a token endpoint has given. Times in milliseconds since 1970."""

    access: str
    refresh: str = ""
    given_at: int = 0
    until: int = 0

    def __repr__(self) -> str:
        return "Tokens(•••)"


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization that was begun: what is compared, and shown, when somebody comes back with a code."""

    state: str
    verifier: str
    redirect_uri: str
    browser: str = ""
    """What the browser shows that comes back; empty where anything may bring the code, as a terminal does."""

    def __repr__(self) -> str:
        return "Authorization(•••)"


class TokenEndpoint:
    """Asks for tokens. Raises NoCredential: `retryable` where the server could not be asked, and not where it has refused."""

    def __init__(self, is_allowed: Allow, now: Callable[[], int]) -> None:
        self._is_allowed, self._now = is_allowed, now

    def authorization(self, name: str, values: Mapping[str, str], redirect_uri: str, browser: str) -> tuple[str, Authorization]:
        """Where a person is to go, and what is to be kept until he comes back."""
        begun = Authorization(
            state=state_of(name, secrets.token_urlsafe(VERIFIER_BYTES)), verifier=secrets.token_urlsafe(VERIFIER_BYTES),
            redirect_uri=redirect_uri, browser=browser,
        )  # fmt: skip
        client = self._client("", values, code_challenge_method="S256", redirect_uri=redirect_uri)
        url, _ = client.create_authorization_url(values["authorize_url"], state=begun.state, code_verifier=begun.verifier)
        return str(url), begun

    def by_code(self, name: str, values: Mapping[str, str], code: str, begun: Authorization) -> Tokens:
        """Tokens for the code that a person came back with."""
        return self._asked(name, values, "authorization_code", code=code, code_verifier=begun.verifier, redirect_uri=begun.redirect_uri)

    def fresh(self, name: str, values: Mapping[str, str], before: Tokens | None) -> Tokens:
        """A new access token: by a refresh token where there is one, else for the client itself."""
        refresh = (before.refresh if before else "") or values.get("refresh_token", "")
        if refresh:
            found = self._asked(name, values, "refresh_token", refresh_token=refresh)
            return found if found.refresh else msgspec.structs.replace(found, refresh=refresh)
        if values.get("authorize_url"):
            raise NoCredential(name, f"nobody has authorized it yet: `refold credentials authorize {name}`")
        return self._asked(name, values, "client_credentials")

    def _asked(self, name: str, values: Mapping[str, str], grant: str, **more: str) -> Tokens:
        given_at = self._now()
        if values.get("scope") and grant == "client_credentials":
            more["scope"] = values["scope"]
        found = self._client(name, values).fetch_token(values["token_url"], grant_type=grant, **more)
        return _tokens(name, dict(found), given_at)

    def _client(self, name: str, values: Mapping[str, str], **more: Any) -> Any:
        from authlib.oauth2.client import OAuth2Client

        session = _Session(name, values, self._is_allowed)
        client = OAuth2Client(
            session, values["client_id"], values.get("client_secret"), scope=values.get("scope"),
            token_endpoint_auth_method=values.get("client_auth") or None, **more,
        )  # fmt: skip
        client.register_client_auth_method(("client_secret_basic", _basic))
        return client


class _Session:
    """What authlib sends by."""

    def __init__(self, name: str, values: Mapping[str, str], is_allowed: Allow) -> None:
        self._name, self._values, self._is_allowed = name, values, is_allowed

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Response:
        """Send a form."""
        import httpx2

        from workers.running.egress.exchange import Question, exchange

        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        question = Question(
            method="POST", url=httpx2.URL(url), headers={name.lower(): value for name, value in sent.items()}, content=body.encode(),
            timeout_s=TIMEOUT_S, follow_redirects=False, response_bytes_max=ANSWER_BYTES_MAX,
        )  # fmt: skip
        try:
            hidden = {**self._values, **data}
            return _Response(self._name, hidden, exchange(PlainRequest(), question, resolve, self._is_allowed))
        except (ActivityError, OSError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            said = str(error) or type(error).__name__
            raise NoCredential(self._name, f"its token endpoint could not be asked: {said}", retryable=True) from None


class _Response:
    """What came back, as authlib reads it."""

    def __init__(self, name: str, values: Mapping[str, str], answer: Answer) -> None:
        self._name, self._values, self.status_code, self._body = name, values, answer.status, answer.body

    def json(self) -> Any:
        """Raises ValueError where it is none, NoCredential where it is a refusal, in which authlib takes no letter beyond ASCII.

        How long a token lasts is a whole number then, which authlib relies on.
        """
        try:
            found = msgspec.json.decode(self._body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(str(error)) from None
        if isinstance(found, dict):
            if "error" in found:
                raise NoCredential(self._name, _refused(self._name, self._values, found), retryable=self.status_code >= 500)
            found["expires_in"] = _seconds(found.get("expires_in"))
            found.pop("expires_at", None)
        return found

    def raise_for_status(self) -> None:
        """Of an answer that says nothing about tokens."""
        raise NoCredential(self._name, f"its token endpoint answered {self.status_code}, and no token", retryable=self.status_code >= 500)


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """RFC 6749, 2.3.1: both are written as a form writes them first, which authlib leaves out."""
    import base64

    shown = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret or '')}"
    headers["Authorization"] = f"Basic {base64.b64encode(shown.encode()).decode()}"
    return uri, headers, body


def _refused(name: str, values: Mapping[str, str], found: Mapping[str, Any]) -> str:
    again = f"; authorize it again: `refold credentials authorize {name}`" if values.get("authorize_url") else ""
    hidden = [value for key, value in values.items() if key in HIDDEN_FIELDS and value]
    said = ": ".join(str(found[part]) for part in ("error", "error_description") if found.get(part))
    for value in hidden:
        said = said.replace(value, HIDDEN)
    return f"its token endpoint has refused: {said[:300]}{again}"


def _tokens(name: str, found: Mapping[str, Any], given_at: int) -> Tokens:
    access, refresh = found.get("access_token"), found.get("refresh_token") or ""
    if not isinstance(access, str) or not access or not isinstance(refresh, str):
        raise NoCredential(name, "its token endpoint has answered without an `access_token`", retryable=True)
    return Tokens(access=access, refresh=refresh, given_at=given_at, until=given_at + _seconds(found.get("expires_in")) * 1000)


def _seconds(lasts: Any) -> int:
    """How long a token lasts, whatever its server says."""
    try:
        return round(min(max(float(lasts), 1), LIFETIME_S_MAX))
    except (TypeError, ValueError, OverflowError):
        return LIFETIME_S_DEFAULT
