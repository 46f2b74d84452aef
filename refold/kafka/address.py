"""Where a Kafka log is, and how to be let in: `kafka://HOST:PORT[,HOST:PORT…][/PREFIX][?setting=value&…]`.

What does not belong into a command line (a password) is read from the environment: `REFOLD_KAFKA_PASSWORD` and the like.
"""

from __future__ import annotations

import importlib.util
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from refold.extras import how_to_install

PREFIX_DEFAULT: Final = "refold"
ENVIRONMENT: Final = "REFOLD_KAFKA_"
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "security": ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "mechanism": ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
    "compression": ("none", "gzip", "lz4", "snappy", "zstd"),
}


@dataclass(frozen=True, kw_only=True)
class KafkaAddress:
    """A cluster, the prefix of a log's topics in it, and the settings of the connection."""

    servers: tuple[str, ...]
    prefix: str = PREFIX_DEFAULT
    security: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    token_file: str | None = None
    compression: str = "none"

    def __str__(self) -> str:
        return f"kafka://{','.join(self.servers)}/{self.prefix}"

    def topic(self, name: str) -> str:
        """The name that one of the log's topics has in the cluster."""
        return f"{self.prefix}.{name}"

    @property
    def tasks(self) -> str:
        """What the names of the topics of tasks begin with."""
        return self.topic("activities.")

    def client_settings(self) -> dict[str, Any]:
        """What every aiokafka client is made with. Raises ValueError where a certificate cannot be read."""
        settings: dict[str, Any] = {"bootstrap_servers": list(self.servers), "security_protocol": self.security}
        if self.security.endswith("SSL"):
            settings["ssl_context"] = self._ssl_context()
        if self.security.startswith("SASL"):
            settings["sasl_mechanism"] = self.mechanism
            settings["sasl_plain_username"], settings["sasl_plain_password"] = self.username, self.password
            if self.mechanism == "OAUTHBEARER":
                from refold.kafka.token import TokenFile

                settings["sasl_oauth_token_provider"] = TokenFile(self.token_file or "")
        return settings

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(name for name in (self.ca_file, self.cert_file, self.key_file) if name)
            raise ValueError(f"the certificates for {self} cannot be read ({files}): {error}") from error
        return context


def check_installed() -> None:
    """Raises ValueError where aiokafka is missing: it is an extra of the package."""
    if importlib.util.find_spec("aiokafka") is None:
        raise ValueError(f"a log on Kafka needs aiokafka: {how_to_install('kafka')}")


def parse_address(url: str, environment: Mapping[str, str] = os.environ) -> KafkaAddress:
    """The address that a URL says. Raises ValueError, naming what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme != "kafka":
        raise ValueError(f"a Kafka log is named kafka://HOST:PORT[,HOST:PORT][/PREFIX], not {url!r}")
    if "@" in parts.netloc:
        raise ValueError(f"name and password do not belong into the address; set {ENVIRONMENT}USERNAME and {ENVIRONMENT}PASSWORD")
    servers = tuple(_server(server, url) for server in parts.netloc.split(","))
    settings = _settings(dict(parse_qsl(parts.query)), environment)
    prefix = parts.path.strip("/") or PREFIX_DEFAULT
    if not all(sign.isalnum() or sign in "._-" for sign in prefix):
        raise ValueError(f"the prefix of topics has letters, digits, '.', '_' and '-', not {prefix!r}")
    return KafkaAddress(servers=servers, prefix=prefix, **settings)


def _server(server: str, url: str) -> str:
    host, colon, port = server.rpartition(":")
    if not host or not colon or not port.isdigit():
        raise ValueError(f"a server is named HOST:PORT, not {server!r} (in {url!r})")
    return server


def _settings(asked: dict[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    names = [name for name in KafkaAddress.__dataclass_fields__ if name not in ("servers", "prefix")]
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise ValueError(f"there is no setting {unknown[0]!r} of a Kafka log; settings are {', '.join(names)}")
    found = {name: environment[ENVIRONMENT + name.upper()] for name in names if ENVIRONMENT + name.upper() in environment} | asked
    for name, choices in _CHOICES.items():
        if name in found and found[name] not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}, not {found[name]!r}")
    if found.get("mechanism") == "OAUTHBEARER" and "token_file" not in found:
        raise ValueError(f"OAUTHBEARER needs a token: set {ENVIRONMENT}TOKEN_FILE to a file with one")
    return found
