"""Which addresses activities may connect to: public ones, unless a setting allows all.

A name is resolved here, every address it has is checked, and the connection is made to a checked address, so that a
second look-up cannot give another answer. Addresses that carry an IPv4 address inside are judged by that one too.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from workers.running.activity_error import ActivityError

Resolve: TypeAlias = Callable[[str, int], list[str]]
"""The addresses of a host name, as text, the best first. Raises OSError where there are none."""

Allow: TypeAlias = Callable[[str], bool]
"""Whether an address may be connected to."""

METADATA: Final = frozenset(
    {ip_address("169.254.169.254"), ip_address("168.63.129.16"), ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}
)
"""Where clouds tell a machine its secrets; one of them is a public address."""

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = IPv6Network("::/96")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def allowed_addresses(host: str, port: int, lookup: Resolve, is_allowed: Allow) -> list[str]:
    """The addresses to connect to. Raises ActivityError `http.forbidden_address` if one is not allowed, OSError if there is none."""
    found = lookup(host, port)
    if not found:
        raise OSError(f"{host} has no address")
    for text in found:
        if not is_allowed(text):
            message = f"{host} is {text}, which is not a public address; the setting `allow_private_addresses` allows such"
            raise ActivityError("http.forbidden_address", message, details={"host": host, "address": text}, retryable=False)
    return found


def is_public(text: str) -> bool:
    """Whether an address is on the public internet, and so is every address it carries inside."""
    return all(_is_public_itself(address) for address in _with_inner(ip_address(text.partition("%")[0])))


def is_any(text: str) -> bool:
    """Every address, where the setting allows all."""
    return True


def _is_public_itself(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    is_special = address.is_multicast or address.is_unspecified or address.is_reserved or address.is_loopback or address.is_link_local
    return address.is_global and not is_special and address not in METADATA


def _with_inner(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif any(address in network for network in _NAT64):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    elif address in _COMPATIBLE:
        yield address
        yield IPv4Address(int(address))
    else:
        yield address
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield from address.teredo
