"""The topics of a log: made with the right settings, looked at before use, and mended; what the command line says of them."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import InvalidReplicationFactorError
from typer.testing import CliRunner

from brokers.finding import own_cluster
from brokers.jars import NoBroker
from contracts.codec import encode_record
from contracts.errors import LogError
from contracts.journal import PartitionClaimed
from contracts.ports.log import Topic
from infra.log.kafka.admin import init, look, partition_count
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.topics import KAFKA_TOPICS, Found, check, settings_of
from infra.server.kafka import check_topics
from refold.cli.main import app
from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress, parse_address
from refold.kafka.admin import AdminRefused, broker_count, create
from refold.kafka.task_topics import replicas_wanted
from tests.conftest import no_broker
from tests.kafka.test_log import administer, grow_by_hand, set_on_topic
from tests.kafka.topics import new_address, new_topics


def found(address: KafkaAddress) -> dict[str, Found]:
    return asyncio.run(look(address))


def test_topics_are_made_with_their_settings_and_equal_partition_counts(broker: str) -> None:
    there = found(address := new_topics(broker, 3))
    assert {name: one.partitions for name, one in there.items()} == {
        address.topic("journal"): 3,
        address.topic("commands"): 3,
        address.topic("definitions"): 1,
        address.topic("dead-letters"): 1,
        address.topic("resources"): 1,
        address.topic("members"): 1,
        address.topic("cancellations"): 1,
        address.topic("blobs"): 1,
        address.topic("snapshots"): 3,
        address.topic("passing"): 1,
    }
    for topic in KAFKA_TOPICS:
        wanted = settings_of(topic, 1)
        assert {name: there[address.topic(topic)].settings[name] for name in wanted} == wanted
    assert check(address, there) == []


def test_making_them_again_does_nothing_and_fewer_partitions_are_refused(broker: str) -> None:
    address = new_topics(broker, 3)
    assert asyncio.run(init(address)) == []
    assert asyncio.run(init(address, 3)) == []
    with pytest.raises(LogError, match=r"journal has 3 partition\(s\); 2 were asked for, and partitions can only be added"):
        asyncio.run(init(address, 2))


def test_a_log_from_before_there_were_resources_names_the_command_that_makes_their_topic(broker: str) -> None:
    address = new_topics(broker, 1)
    administer(address.servers[0], lambda admin: admin.delete_topics([address.topic("resources")]))
    deadline = time.monotonic() + 30
    while address.topic("resources") in found(address):
        assert time.monotonic() < deadline
    with pytest.raises(LogError, match=rf"the topic {address.topic('resources')} is missing: refold kafka init --log {address}"):
        KafkaLog(address)
    assert asyncio.run(init(address)) == [f"made {address.topic('resources')}: 1 partition(s), 1 replica(s)"]
    with closing(KafkaLog(address)) as log:
        assert log.append("resources", {0: [b"one"]}) == {0: 0}


def test_a_log_with_fewer_partitions_grows_and_keeps_what_it_holds(broker: str) -> None:
    address = new_topics(broker, 2)
    with closing(KafkaLog(address)) as log:
        log.append("journal", {0: [b"a"], 1: [b"b"]})
        done = asyncio.run(init(address, 5))
        assert done == [f"grew {address.topic(topic)} to 5 partition(s)" for topic in ("journal", "snapshots", "commands")]
        assert log.partitions == 2, "what is open stays what it was"
        assert asyncio.run(partition_count(address)) == 5
        with closing(KafkaLog(address)) as grown:
            assert grown.partitions == 5
            assert grown.append("journal", {partition: [b"c"] for partition in range(5)}) == {0: 1, 1: 1, 2: 0, 3: 0, 4: 0}
    assert check(address, found(address)) == []


def test_growing_that_was_broken_off_after_the_journal_is_noticed_and_ended_by_the_command_that_is_named(broker: str) -> None:
    address = new_topics(broker, 2)
    grow_by_hand(address, "journal", 4)
    problems = check(address, found(address))
    assert [problem.found for problem in problems] == [
        f"{address.topic(topic)} has 2 partition(s), expected 4" for topic in ("commands", "snapshots")
    ]
    assert {problem.fix for problem in problems} == {f"refold kafka init --log {address} --partitions 4"}
    asyncio.run(init(address, 4))
    assert check(address, found(address)) == []


def test_commands_that_were_given_more_partitions_than_the_journal_make_it_grow(broker: str) -> None:
    address = new_topics(broker, 1)
    grow_by_hand(address, "commands", 3)
    with pytest.raises(LogError, match=rf"commands has 3 partition\(s\), expected 1: refold kafka init --log {address} --partitions 3"):
        KafkaLog(address)
    asyncio.run(init(address))
    KafkaLog(address, partitions=3).close()


def test_looking_at_topics_makes_none_where_brokers_make_what_is_asked_for() -> None:
    try:
        with own_cluster(settings={"auto.create.topics.enable": "true"}) as cluster:
            address = parse_address(f"kafka://{cluster.bootstrap}")
            assert found(address) == {}
            with pytest.raises(LogError, match="journal is missing"):
                KafkaLog(address)
            assert asyncio.run(init(address, 2))[0] == "made refold.journal: 2 partition(s), 1 replica(s)"
            assert check(address, found(address)) == []
    except NoBroker as error:
        no_broker(error)


@pytest.mark.parametrize(
    ("topic", "setting", "value", "said"),
    [
        ("journal", "cleanup.policy", "compact", "has cleanup.policy=compact, expected delete"),
        ("journal", "retention.ms", "604800000", "has retention.ms=604800000, expected -1"),
        ("journal", "retention.bytes", "1000000", "has retention.bytes=1000000, expected -1"),
        ("journal", "unclean.leader.election.enable", "true", "has unclean.leader.election.enable=true, expected false"),
        ("journal", "min.insync.replicas", "2", r"min.insync.replicas=2 with 1 replica\(s\): nothing could be appended"),
        ("journal", "message.timestamp.type", "CreateTime", "has message.timestamp.type=CreateTime, expected LogAppendTime"),
        ("journal", "max.message.bytes", "1000", "has max.message.bytes=1000, expected 65536 or more"),
        ("definitions", "cleanup.policy", "compact", "definitions has cleanup.policy=compact"),
        ("commands", "retention.ms", "3600000", "has retention.ms=3600000, expected 604800000 or more"),
        ("members", "retention.ms", "1000", "has retention.ms=1000, expected 3600000 or more"),
        ("members", "message.timestamp.type", "CreateTime", "members has message.timestamp.type=CreateTime, expected LogAppendTime"),
        ("blobs", "retention.ms", "604800000", "blobs has retention.ms=604800000, expected -1"),
        ("snapshots", "cleanup.policy", "compact", "snapshots has cleanup.policy=compact, expected delete"),
    ],
)
def test_a_setting_that_loses_or_refuses_records_keeps_a_log_from_being_used_until_it_is_mended(
    broker: str, topic: Topic, setting: str, value: str, said: str
) -> None:
    address = new_topics(broker)
    set_on_topic(address, topic, **{setting: value})
    with pytest.raises(LogError, match=said) as caught:
        KafkaLog(address)
    assert f"refold kafka init --log {address}" in str(caught.value)
    assert asyncio.run(init(address)) == [f"set {setting}={settings_of(topic, 1)[setting]} on {address.topic(topic)}"]
    KafkaLog(address).close()


def test_what_else_was_set_on_a_topic_is_kept_when_it_is_mended(broker: str) -> None:
    address = new_topics(broker)
    set_on_topic(address, "journal", **{"retention.ms": "1000", "segment.bytes": "12345678"})
    asyncio.run(init(address))
    assert found(address)[address.topic("journal")].settings["segment.bytes"] == "12345678"


def test_a_single_replica_that_is_not_flushed_is_noted_and_used(broker: str) -> None:
    address = new_topics(broker)
    set_on_topic(address, "journal", **{"flush.messages": "9223372036854775807"})
    [problem] = check(address, found(address))
    assert not problem.is_fatal
    assert "one replica and flush.messages=9223372036854775807" in problem.found
    KafkaLog(address).close()


def test_fewer_copies_in_sync_than_all_but_one_can_lose_what_was_acknowledged() -> None:
    address = parse_address("kafka://127.0.0.1:9092")
    there = {address.topic(topic): Found(1, 3, settings_of(topic, 3) | {"min.insync.replicas": "1"}) for topic in KAFKA_TOPICS}
    assert {problem.found.partition(" has ")[2] for problem in check(address, there)} == {
        "min.insync.replicas=1 with 3 replicas, expected 2"
    }


def test_topics_that_do_not_have_equal_partition_counts_are_refused(broker: str) -> None:
    address = new_address(broker)
    topics = [NewTopic(address.topic(topic), 2, 1, topic_configs=settings_of(topic, 1)) for topic in KAFKA_TOPICS]
    administer(broker, lambda admin: admin.create_topics(topics))
    asyncio.run(init(address))
    with pytest.raises(LogError, match=r"definitions has 2 partition\(s\), expected 1"):
        KafkaLog(address)


# What the command line says.


def refold(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words], standalone_mode=False)
    return result.return_value if result.exception is None else 99, result.output


def test_doctor_says_what_is_wrong_and_the_command_it_names_mends_it(broker: str) -> None:
    address = new_address(broker)
    code, said = refold("doctor", "--log", f"{address}")
    assert code == 1
    assert f"the topic {address.topic('journal')} is missing; refold kafka init --log {address}" in said
    code, said = refold("kafka", "init", "--log", f"{address}", "--partitions", "2", "--replication", "1")
    assert code == 0
    assert f"made {address.topic('journal')}: 2 partition(s), 1 replica(s)" in said
    assert refold("kafka", "init", "--log", f"{address}") == (0, f"all topics of {address} are in order\n")
    code, said = refold("doctor", "--log", f"{address}")
    assert f"all topics of {address} are there, with the right settings" in said
    assert code == 0


def test_doctor_notices_a_journal_that_is_not_the_one_that_began_here(broker: str) -> None:
    address = new_topics(broker)
    assert check_topics(str(address)) == []
    with closing(KafkaLog(address)) as log:
        log.append("journal", {0: [encode_record(PartitionClaimed(b"zombie!!", "node"))]})
    [problem] = check_topics(str(address))
    assert "the journal of partition 0 begins with PartitionClaimed" in problem.found


# Addresses.


def test_a_token_is_read_from_its_file_whenever_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="OAUTHBEARER needs a token"):
        parse_address("kafka://a:9092?security=SASL_SSL&mechanism=OAUTHBEARER", {})
    file = tmp_path / "token"
    address = parse_address("kafka://a:9092?security=SASL_PLAINTEXT&mechanism=OAUTHBEARER", {"REFOLD_KAFKA_TOKEN_FILE": str(file)})
    provider = address.client_settings()["sasl_oauth_token_provider"]
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        assert asyncio.run(provider.token()) == token


def test_an_address_names_servers_a_prefix_and_settings() -> None:
    address = parse_address("kafka://a:9092,b:9093/prod?security=SASL_SSL&mechanism=SCRAM-SHA-512", {"REFOLD_KAFKA_USERNAME": "me"})
    assert address.servers == ("a:9092", "b:9093")
    assert address.topic("journal") == "prod.journal"
    assert (address.security, address.mechanism, address.username) == ("SASL_SSL", "SCRAM-SHA-512", "me")
    assert str(parse_address("kafka://a:9092", {})) == "kafka://a:9092/refold"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:9092", "named kafka://HOST:PORT"),
        ("kafka://localhost", "a server is named HOST:PORT, not 'localhost'"),
        ("kafka://a:9092,b", "not 'b'"),
        ("kafka://me:secret@a:9092", "name and password do not belong into the address; set REFOLD_KAFKA_USERNAME"),
        ("kafka://a:9092/x y", "the prefix of topics has letters"),
        ("kafka://a:9092?acks=1", "there is no setting 'acks' of a Kafka log"),
        ("kafka://a:9092?security=TLS", "security is one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL, not 'TLS'"),
        ("kafka://a:9092?compression=rar", "compression is one of none, gzip, lz4, snappy, zstd, not 'rar'"),
    ],
)
def test_an_address_that_is_none_is_refused_by_what_is_wrong_with_it(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_address(url, {})


def test_certificates_that_cannot_be_read_are_named() -> None:
    with pytest.raises(ValueError, match=r"cannot be read .none-here\.pem"):
        parse_address("kafka://a:9092?security=SSL&ca_file=none-here.pem", {}).client_settings()


class _BrokersThatComeBack:
    """A cluster whose only broker is fenced for so many questions, as an admin client of aiokafka shows it."""

    def __init__(self, fenced: int) -> None:
        self.fenced = fenced

    def _is_fenced(self) -> bool:
        self.fenced -= 1
        return self.fenced >= 0

    async def describe_cluster(self) -> dict[str, list[int]]:
        return {"brokers": [] if self._is_fenced() else [1]}

    async def create_topics(self, topics: list[NewTopic], timeout_ms: int) -> Any:
        code = InvalidReplicationFactorError.errno if self._is_fenced() else 0
        return SimpleNamespace(topic_errors=[(one.name, code, "All brokers are currently fenced.") for one in topics])

    async def _send_request(self, request: object) -> Any:
        topics = [{"topic": "t", "error_code": 0, "partitions": [{"partition": 0, "error_code": 0, "leader": 1, "replicas": [1]}]}]
        return SimpleNamespace(to_object=lambda: {"topics": topics})


def test_topics_are_made_once_a_broker_that_has_come_back_counts_again() -> None:
    admin = cast(Any, _BrokersThatComeBack(2))
    replicas = asyncio.run(replicas_wanted(admin))
    assert replicas == 1
    admin.fenced = 2
    assert asyncio.run(create(admin, [NewTopic("t", 1, replicas)])) == ["made t: 1 partition(s), 1 replica(s)"]


def test_where_no_broker_counts_in_time_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refold.kafka.admin.BROKERS_TIMEOUT_S", 0.0)
    with pytest.raises(Unavailable, match="no broker that is ready"):
        asyncio.run(broker_count(cast(Any, _BrokersThatComeBack(1_000))))
    with pytest.raises(AdminRefused, match=r"the topic t could not be made: All brokers are currently fenced\."):
        asyncio.run(create(cast(Any, _BrokersThatComeBack(1_000)), [NewTopic("t", 1, 1)]))
