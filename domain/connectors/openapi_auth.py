"""Security of an OpenAPI document as schemes of a connector: each is shown by credentials of kinds that there are."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urljoin

from domain.connectors.openapi_document import Document, Untaken

_FLOWS: Final = ("clientCredentials", "authorizationCode", "password", "implicit", "deviceAuthorization")


class Auth:
    """The schemes of a document that requests can show."""

    def __init__(self, document: Document, base_url: str) -> None:
        self.schemes: dict[str, dict[str, Any]] = {}
        self._why_not: dict[str, str] = {}
        components = document.value.get("components")
        written = components.get("securitySchemes") if isinstance(components, dict) else None
        for name, one in written.items() if isinstance(written, dict) else ():
            try:
                self.schemes[name] = _scheme(document.followed(one), base_url)
            except Untaken as untaken:
                self._why_not[name] = str(untaken)
        self.default = document.value.get("security")

    def of(self, document: Document, operation: dict[str, Any], shown: str) -> list[list[str]]:
        """Which schemes an operation takes: one of these lists, all of that. Raises Untaken where it can show none."""
        written = operation.get("security", self.default)
        if not isinstance(written, list) or not written:
            return []
        found, why = [], []
        for one in written:
            names = list(one) if isinstance(one, dict) else []
            missing = [name for name in names if name not in self.schemes]
            if missing:
                why += [self._why_not.get(name, f"there is no security scheme `{name}`") for name in missing]
            elif names not in found:
                found.append(names)
        if not found:
            raise Untaken(f"it can only be asked in ways that no credential shows: {'; '.join(dict.fromkeys(why))}")
        for said in dict.fromkeys(why):
            document.tell(shown, f"one of the ways to show who asks is not taken: {said}")
        return found


def _scheme(written: dict[str, Any], base_url: str) -> dict[str, Any]:
    kind = written.get("type")
    said = {"description": written["description"][:2_000]} if isinstance(written.get("description"), str) else {}
    if kind == "apiKey" and written.get("in") in ("header", "query", "cookie") and isinstance(written.get("name"), str):
        return {"type": "api_key", "in": written["in"], "name": written["name"], **said}
    if kind == "http":
        scheme = str(written.get("scheme")).lower()
        if scheme in ("basic", "bearer"):
            return {"type": scheme, **said}
        raise Untaken(f"HTTP authentication `{scheme:.40}`")
    if kind == "oauth2":
        return {"type": "oauth2", **_flow(written.get("flows"), base_url), **said}
    if kind == "openIdConnect":
        return {"type": "bearer", **said}
    raise Untaken(f"the security scheme `{kind!s:.40}`")


def _flow(flows: Any, base_url: str) -> dict[str, Any]:
    """What a credential of the kind `oauth2` has to know, of the first flow that it can go; other tokens one brings along."""
    for name in _FLOWS if isinstance(flows, dict) else ():
        flow = flows.get(name)
        if isinstance(flow, dict):
            scopes = flow.get("scopes")
            urls = {"token_url": flow.get("tokenUrl"), "authorize_url": flow.get("authorizationUrl")}
            found: dict[str, Any] = {key: _joined(base_url, url) for key, url in urls.items() if isinstance(url, str)}
            found["scopes"] = list(scopes)[:500] if isinstance(scopes, dict) and scopes else None
            return {key: value for key, value in found.items() if value is not None}
    return {}


def _joined(base_url: str, url: str) -> str:
    """A URL that may be relative to the API's. Raises Untaken."""
    try:
        return urljoin(f"{base_url}/", url)
    except ValueError:
        raise Untaken(f"the URL `{url:.100}`") from None
