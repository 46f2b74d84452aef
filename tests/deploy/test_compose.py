"""The compose file: of the right form, and of nothing that Refold and Apache Kafka do not know."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from brokers.cluster import Cluster
from brokers.finding import own_cluster
from brokers.jars import NoBroker
from infra.server.kafka import check_topics
from infra.settings.model import ServerSettings
from refold.worker.worker import STOP_GRACE_S
from tests.conftest import no_broker
from tests.deploy.conftest import DEPLOY, ROOT, run
from tests.deploy.product import check_command, check_environment

FILE = DEPLOY / "compose.yaml"
OURS = ("init", "engine-1", "engine-2", "worker")
NOT_OF_THE_BROKER = ("KAFKA_HEAP_OPTS",)


def interpolated(text: str) -> str:
    """As compose does it: defaults count, and what has to be set is `secret`."""
    return re.sub(r"\$\{\w+:\?[^}]*\}", "secret", re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))


def services() -> dict[str, Any]:
    return dict(yaml.safe_load(interpolated(FILE.read_text()))["services"])


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_the_file_is_what_compose_reads(composer: Path, tmp_path: Path) -> None:
    folder = tmp_path / "infra" / "deploy"
    folder.mkdir(parents=True)
    (folder / "compose.yaml").write_text(interpolated(FILE.read_text()))
    done = run(composer, "compose.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"]
    assert set(read) == {"kafka", "postgres", *OURS}
    assert read["engine-1"]["build"]["context"] == str(tmp_path)


def test_a_wrong_key_is_noticed(composer: Path, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(interpolated(FILE.read_text()).replace("cap_drop", "cap_dropp"))
    done = run(composer, "compose.yaml", cwd=tmp_path)
    assert done.returncode != 0
    assert "cap_dropp" in done.stderr


def test_nothing_starts_without_a_password_of_ones_own(composer: Path, tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path)
    done = run(composer, "compose.yaml", cwd=tmp_path)
    assert "POSTGRES_PASSWORD is missing a value" in done.stderr


@pytest.mark.parametrize("name", ["init", "worker", "engine-1", "engine-2"])
def test_every_option_and_variable_is_one_that_refold_knows(name: str) -> None:
    service = services()[name]
    check_command(service["command"])
    check_environment(service["environment"], service["command"][0])


def test_an_engine_is_started_when_topics_and_read_models_can_be_used() -> None:
    found = services()
    for name in ("engine-1", "engine-2"):
        assert found[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}
        assert found[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert found["init"]["depends_on"]["kafka"] == {"condition": "service_healthy"}


def test_whoever_stops_is_given_the_time_that_it_takes() -> None:
    found = services()
    assert seconds(found["engine-1"]["stop_grace_period"]) > ServerSettings().stop_s
    assert seconds(found["worker"]["stop_grace_period"]) > STOP_GRACE_S


def test_the_api_is_reached_from_this_machine_only() -> None:
    published = [port for service in services().values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_what_the_worker_runs_is_there(tmp_path: Path) -> None:
    worker = services()["worker"]
    source, target, _ = worker["volumes"][0].split(":")
    shutil.copytree(DEPLOY / source, tmp_path / Path(target).name)
    module = worker["command"][1]
    code = f"from refold.worker.command import load; load('{module}'); import {module} as it; print(it.__file__)"
    done = run(ROOT / ".venv" / "bin" / "python", "-P", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "examples" / "activities.py")


# On a real broker.


def broker_settings() -> dict[str, str]:
    """What the image makes of its variables: `KAFKA_LOG_DIRS` is `log.dirs`."""
    given = services()["kafka"]["environment"]
    ours = {name: value for name, value in given.items() if name not in NOT_OF_THE_BROKER}
    return {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in ours.items()}


async def known_settings(bootstrap: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
        return {row[0]: row[1] for row in answer.resources[0][4]}
    finally:
        await admin.close()


def test_a_broker_with_these_settings_is_one_that_init_and_doctor_are_content_with() -> None:
    of_the_place = ("listeners", "advertised.listeners", "log.dirs", "controller.quorum.voters", "node.id")
    wanted = {name: value for name, value in broker_settings().items() if name not in of_the_place}
    try:
        with own_cluster(settings=wanted) as cluster:
            _check_broker(cluster, wanted)
    except NoBroker as error:
        no_broker(error)


def _check_broker(cluster: Cluster, wanted: dict[str, str]) -> None:
    known = asyncio.run(known_settings(cluster.bootstrap))
    assert {name: known.get(name) for name in wanted} == wanted
    assert set(broker_settings()) <= set(known)
    log = f"kafka://{cluster.bootstrap}"
    command = [*services()["init"]["command"], "--log", log]
    done = run(ROOT / ".venv" / "bin" / "refold", *command)
    assert done.returncode == 0, done.stderr
    assert check_topics(log) == []
