"""Which sites may ask: until there are users, programs and pages of our own, and no page that a browser happens to show.

A browser asks any server for any page, also one on this machine. Two of its headers, which no page can forge, say for whom:

    Host     the name by which this server was asked. A page may let a name of its own point here (DNS rebinding), so a name
             has to be one of ours: a loopback name, the address we listen at, or one of the setting `hosts`
    Origin   the site of the page, with every request that may change something. It has to be the one that is asked, or of `hosts`

Where we listen at every address, any address that is written as a number is ours: no page has power over what it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from fastapi import Response

from api.problems import problem

ANYWHERE: Final = frozenset({"", "0.0.0.0", "::"})
"""What one listens at to be reached at every address of the machine."""
KNOWN_MAX: Final = 1_000
"""So many values of `Host` are remembered as ours."""
SHOWN_LENGTH_MAX: Final = 200
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::([0-9]{1,5}))?")
_PORTS: Final = {"http": 80, "https": 443}


class Sites:
    """The names that a server at the address `bound` has, and those that it was given: `app.example`, `*.app.example`, `*` for all."""

    def __init__(self, bound: str, names: Iterable[str] = ()) -> None:
        given = [_plain(name) for name in names]
        self._takes_all = "*" in given
        self._given = frozenset(given)
        self._endings = tuple(name[1:] for name in given if name.startswith("*."))
        self._is_anywhere, self._bound = bound in ANYWHERE, _plain(bound)
        self.known: set[bytes] = set()
        """Values of `Host` that were found to be ours."""

    def is_ours(self, host: bytes) -> bool:
        """Whether the value of a `Host` names this server."""
        if host in self.known:
            return True
        named = _split(host.decode("latin-1"))
        if not self._takes_all and (named is None or not self._is_our_name(named[0])):
            return False
        if len(self.known) < KNOWN_MAX:
            self.known.add(host)
        return True

    def _is_our_name(self, name: str) -> bool:
        return name == self._bound or self._is_given(name) or is_loopback(name) or (self._is_anywhere and _is_address(name))

    def _is_given(self, name: str) -> bool:
        return self._takes_all or name in self._given or name.endswith(self._endings)

    def refusal(self, headers: Sequence[tuple[bytes, bytes]]) -> Response | None:
        """The answer to a request that was meant for another server, or comes from a page of another site; None for all others."""
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1:
            return problem(400, "host", f"a request names the server that it asks in one Host, and this one in {len(hosts) or 'none'}")
        if not self.is_ours(hosts[0]):
            return self._foreign_host(hosts[0].decode("latin-1"))
        for name, value in headers:
            if name == b"origin" and not self._may_ask(value.decode("latin-1"), hosts[0].decode("latin-1")):
                return self._foreign_origin(value.decode("latin-1"))
        return None

    def _may_ask(self, origin: str, host: str) -> bool:
        """Whether a page of this origin is one of the site that it asks, or of a site that was given."""
        scheme, _, rest = origin.partition("://")
        page, asked = _split(rest), _split(host)
        if self._takes_all:
            return True
        if page is None or asked is None or scheme not in _PORTS:
            return False
        port = _PORTS[scheme]
        return self._is_given(page[0]) or (page[0], page[1] or port) == (asked[0], asked[1] or port)

    def _foreign_host(self, host: str) -> Response:
        shown = host[:SHOWN_LENGTH_MAX]
        named = _split(host)
        way_out = f"; if it is meant, name it in the setting `hosts` of this server (REFOLD_HOSTS={named[0]})" if named else ""
        return problem(421, "foreign_host", f"the Host {shown!r} is no name of this server{way_out}")

    def _foreign_origin(self, origin: str) -> Response:
        shown, name = origin[:SHOWN_LENGTH_MAX], _name_of(origin) if origin.startswith("http") else ""
        way_out = f"; if it is meant, name its host in the setting `hosts` of this server (REFOLD_HOSTS={name})" if name else ""
        return problem(403, "foreign_origin", f"a page of {shown!r} may not ask this server, which knows no users yet{way_out}")


def _name_of(origin: str) -> str:
    """The name in a URL; empty where it is none."""
    try:
        return urlsplit(origin).netloc.partition(":")[0]
    except ValueError:
        return ""


def _split(authority: str) -> tuple[str, int] | None:
    """Name and port, 0 without one; None for what is no authority."""
    found = _HOST.fullmatch(authority.strip())
    return None if found is None else (_plain(found[1]), int(found[2] or 0))


def _plain(name: str) -> str:
    """A name in the one form that is compared: small letters, no brackets, no dot at the end."""
    return name.lower().removesuffix(".").removeprefix("[").removesuffix("]")


def is_loopback(name: str) -> bool:
    """Whether a name or an address reaches nothing but this machine."""
    return name == "localhost" or name.endswith(".localhost") or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
