"""`kafka init`: make the topics of a log on Kafka, or set them right."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import LogError
from infra.server.kafka import check_topics, init_topics
from refold.cli.commands.output import OK, BadInput, say
from refold.cli.commands.target import Finding
from refold.cli.commands.where import settings_of
from refold.cli.options import Where


def init(where: Where, partitions: int | None, replication: int | None) -> int:
    """Say what was done; doing it again does nothing."""
    log = settings_of(where).engine.log
    if log is None:
        raise BadInput("name the log: --log kafka://HOST:PORT")
    for line in init_topics(log, partitions, replication) or [f"all topics of {log} are in order"]:
        say(line)
    return OK


def findings(log: str) -> Iterator[Finding]:
    """What `doctor` says of the topics."""
    try:
        problems = check_topics(log)
    except LogError as error:
        yield Finding("log", "wrong", str(error), "start the brokers, or name others with --log")
        return
    for problem in problems:
        yield Finding(f"topic {problem.topic}", "wrong" if problem.is_fatal else "note", problem.found, problem.fix)
    if not problems:
        yield Finding("topics", "ok", f"all topics of {log} are there, with the right settings")
