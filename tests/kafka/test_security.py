"""A log on a broker that lets in only those who know how: TLS, and names with passwords."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from brokers.cluster import free_ports
from brokers.finding import own_cluster
from brokers.jars import NoBroker
from contracts.errors import LogUnreachable
from infra.log.kafka.admin import init
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress, parse_address
from tests.conftest import no_broker

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="bobs-secret";'
ENVIRONMENT = {"REFOLD_KAFKA_USERNAME": "alice", "REFOLD_KAFKA_PASSWORD": "alices-secret"}


class Guarded:
    """A broker with a listener for TLS, and one for TLS with SASL."""

    def __init__(self, ca_file: Path, tls: int, sasl: int) -> None:
        self.ca_file, self.tls, self.sasl = ca_file, tls, sasl

    def address(self, port: int, query: str, environment: dict[str, str]) -> KafkaAddress:
        return parse_address(f"kafka://127.0.0.1:{port}/test-{secrets.token_hex(4)}?ca_file={self.ca_file}&{query}", environment)


@pytest.fixture(scope="module")
def _guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded | NoBroker]:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "broker.pem").write_bytes(key + b"".join(pem.bytes() for pem in certificate.cert_chain_pems))  # as Java reads it
    tls, sasl = free_ports(2)
    settings = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker.pem"),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": SCRAM,
        "listener.name.sasl_ssl.plain.sasl.jaas.config": PLAIN,
    }
    listeners = [f"SSL://127.0.0.1:{tls}", f"SASL_SSL://127.0.0.1:{sasl}"]
    try:
        with own_cluster(settings=settings, listeners=listeners, user="SCRAM-SHA-512=[name=alice,password=alices-secret]"):
            yield Guarded(folder / "ca.pem", tls, sasl)
    except NoBroker as error:
        yield error


@pytest.fixture
def guarded(_guarded: Guarded | NoBroker) -> Guarded:
    if isinstance(_guarded, NoBroker):
        no_broker(_guarded)
    assert isinstance(_guarded, Guarded)
    return _guarded


def use(address: KafkaAddress) -> None:
    """Make topics, append, read."""
    asyncio.run(init(address, 1, 1))
    with closing(KafkaLog(address)) as log:
        assert log.append("journal", {0: [b"a", b"b"]}) == {0: 0}
        assert list(log.read("journal", 0)) == [(0, b"a"), (1, b"b")]


def test_a_log_over_tls(guarded: Guarded) -> None:
    use(guarded.address(guarded.tls, "security=SSL", {}))


def test_a_log_over_tls_for_those_with_a_password_scram(guarded: Guarded) -> None:
    use(guarded.address(guarded.sasl, "security=SASL_SSL&mechanism=SCRAM-SHA-512", ENVIRONMENT))


def test_a_log_over_tls_for_those_with_a_password_plain(guarded: Guarded) -> None:
    bob = {"REFOLD_KAFKA_USERNAME": "bob", "REFOLD_KAFKA_PASSWORD": "bobs-secret"}
    use(guarded.address(guarded.sasl, "security=SASL_SSL&mechanism=PLAIN", bob))


def test_a_wrong_password_is_called_that(guarded: Guarded) -> None:
    address = guarded.address(
        guarded.sasl, "security=SASL_SSL&mechanism=SCRAM-SHA-512", {**ENVIRONMENT, "REFOLD_KAFKA_PASSWORD": "guessed"}
    )
    with pytest.raises(LogUnreachable, match=r"(?i)authentication failed"):
        KafkaLog(address, read_timeout_s=5.0)


def test_a_broker_with_a_certificate_of_somebody_else_is_not_believed(guarded: Guarded, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    other = Guarded(tmp_path / "other.pem", guarded.tls, guarded.sasl)
    with pytest.raises(LogUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        KafkaLog(other.address(guarded.tls, "security=SSL", {}), read_timeout_s=5.0)
