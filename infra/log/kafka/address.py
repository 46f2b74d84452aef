"""Where a Kafka log is, and how to be let in: `kafka://HOST:PORT[,HOST:PORT…][/PREFIX][?setting=value&…]`.

What does not belong into a command line (a password) is read from the environment: `REFOLD_KAFKA_PASSWORD` and the like.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from contracts.ports.log import CLUSTER_TOPICS, TOPICS, Topic

PREFIX_DEFAULT: Final = "refold"
KAFKA_TOPICS: Final[tuple[Topic, ...]] = (*TOPICS, *CLUSTER_TOPICS)
"""The topics that every log on Kafka has; those of activities come as they are needed."""
ENVIRONMENT: Final = "REFOLD_KAFKA_"
Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
Compression = Literal["none", "gzip", "lz4", "snappy", "zstd"]
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "security": get_args(Security),
    "mechanism": get_args(Mechanism),
    "compression": get_args(Compression),
}


@dataclass(frozen=True, kw_only=True)
class KafkaAddress:
    """A cluster, the prefix of our topics in it, and the settings of the connection."""

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

    def topic(self, topic: Topic) -> str:
        """The name that one of our topics has in the cluster."""
        return f"{self.prefix}.{topic}"

    @property
    def activities(self) -> str:
        """What the names of the topics of activities begin with."""
        return f"{self.prefix}.activities."

    @property
    def topics(self) -> list[str]:
        """The names of all topics that the log has from its beginning."""
        return [self.topic(topic) for topic in KAFKA_TOPICS]

    def client_settings(self) -> dict[str, Any]:
        """What every aiokafka client is made with. Raises ValueError where a certificate cannot be read."""
        settings: dict[str, Any] = {"bootstrap_servers": list(self.servers), "security_protocol": self.security}
        if self.security.endswith("SSL"):
            settings["ssl_context"] = self._ssl_context()
        if self.security.startswith("SASL"):
            settings |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
            if self.mechanism == "OAUTHBEARER":
                from infra.log.kafka.token import TokenFile

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


def _settings(asked: dict[str, str], environment: Mapping[str, str]) -> dict[str, str]:
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
