"""Evidence of a run on Kafka: raw topics, answers over HTTP, read models, a verification, and what each process said."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from contracts.journal import Checkpoint
from domain.execution.history import read_entries
from domain.replay.verify import Verifier
from infra.files.blobs import FileBlobs
from infra.files.data_folder import DataFolder
from infra.server.reader_wiring import open_reader
from infra.settings.model import EngineSettings
from tests.chaos.evidence import Evidence, bring_up, read_effects, rows_in
from tests.chaos.ledger import Asked
from tests.chaos.processes import Fault

from .raw import Topics, judge
from .site import KafkaSite
from .stories import KafkaEvidence, RawStories, ReadModels

AGREE_S: Final = 30.0
"""So long the answers of all engines may take to be what the journal says, when nothing happens any more."""
PAGE: Final = 500


def statuses(port: int) -> dict[str, str]:
    """What an engine lists: each execution's status."""
    found: dict[str, str] = {}
    cursor = ""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        while True:
            connection.request("GET", f"/v1/executions?limit={PAGE}" + (f"&cursor={cursor}" if cursor else ""))
            page = json.loads(connection.getresponse().read())
            found |= {one["execution_id"]: one["status"] for one in page["executions"]}
            cursor = page["next"]
            if not cursor:
                return found
    finally:
        connection.close()


def wait_agreed(ports: dict[str, int], wanted: dict[str, str]) -> dict[str, dict[str, str]]:
    """What each engine answers, once it is what is wanted, or when the time is up."""
    deadline = time.monotonic() + AGREE_S
    answered: dict[str, dict[str, str]] = {}
    for name, port in ports.items():
        while True:
            with suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                answered[name] = statuses(port)
            if time.monotonic() >= deadline or all(answered.get(name, {}).get(one) == status for one, status in wanted.items()):
                break
            time.sleep(0.3)
    return answered


def read_models(site: KafkaSite, partitions: Iterable[int]) -> tuple[ReadModels, ...]:
    """Of each engine, brought up to the end; and of a rebuild that nothing has happened to."""
    clean = site.folder / "rebuilt"
    DataFolder(clean).create()
    bring_up(EngineSettings(data=clean, log=site.log))
    found = []
    for engine in site.engines:
        data = site.folder / engine.name
        bring_up(EngineSettings(data=data, log=site.log))
        for partition in partitions:
            path, rebuilt = DataFolder(data).projection_of(partition), DataFolder(clean).projection_of(partition)
            found.append(ReadModels(engine.name, partition, rows_in(path), rows_in(rebuilt)))
    return tuple(found)


def verify(site: KafkaSite, partitions: Iterable[int]) -> tuple[tuple[int, int], str]:
    """Decide all decisions again with the engine's own code: 1 on a difference, how many, and what is said."""
    blobs = [FileBlobs(DataFolder(site.folder / engine.name).blobs) for engine in site.engines]

    def blob(name: str) -> bytes:
        for one in blobs:
            with suppress(KeyError):
                return one.get(name)
        raise KeyError(name)

    decisions, said = 0, []
    with open_reader(EngineSettings(data=site.folder / site.engines[0].name, log=site.log)) as reader:
        for partition in partitions:
            verifier = Verifier(reader.catalog.graph, blob)
            verifier.run(read_entries(reader.log.read("journal", partition, 0), Checkpoint()))
            decisions += verifier.decisions
            said += [str(divergence) for divergence in verifier.divergences]
    return (int(bool(said)), decisions), "; ".join(said)[:2_000]


def gather(
    site: KafkaSite, topics: Topics, answered: dict[str, dict[str, str]], asked: Iterable[Asked], faults: Iterable[Fault], lease_ms: int
) -> RawStories:
    """All of it, sorted by execution. The brokers still run, nobody else does."""
    journal = judge(topics["journal"])
    partitions = sorted({record.partition for record in topics["journal"]})
    verified, said = verify(site, partitions)
    models = read_models(site, partitions)
    logs = {process.name: site.said(process).read_text(errors="replace") for process in site.processes}
    evidence = Evidence(
        asked=tuple(asked), effects=read_effects(site.effects), faults=tuple(faults), exits=tuple(site.exits), decisions=(),
        foreign=journal.counts["foreign decisions"], doubled=journal.counts["doubled decisions"], unreadable=tuple(journal.problems),
        verified=verified, verify_said=said, projection={}, rebuilt={}, said="\n".join(logs.values()), lease_ms=lease_ms,
    )  # fmt: skip
    kafka = KafkaEvidence(topics=topics, read_models=models, answered=answered, logs=logs, http_workers=frozenset({"worker-3"}))
    return RawStories(evidence, kafka, journal)
