"""The verbs of the command line that say how a place stands: a data folder, a server, a log."""

from __future__ import annotations

from refold.cli.options import Json, Log, Where, acting, asking, takes


@takes(where=asking)
def doctor(where: Where, log: Log = None, as_json: Json = False) -> int:
    """See whether all is in order. A data folder, a log on Kafka or a server."""
    from refold.cli.commands import doctor as command

    return command.doctor(where.and_flags(log=log), as_json)


@takes(where=asking)
def workers(where: Where, as_json: Json = False) -> int:
    """List who is there to run activities. And what waits for a worker that is not there."""
    from refold.cli.commands import look

    return look.workers(where, as_json)


@takes(where=asking)
def cluster(where: Where, as_json: Json = False) -> int:
    """List the processes that share a log. Who owns which partition, and the workers."""
    from refold.cli.commands import cluster as command

    return command.cluster(where, as_json)


@takes(where=acting)
def settings(where: Where, as_json: Json = False) -> int:
    """List every setting, its value, and where that comes from."""
    from refold.cli.commands import settings as command

    return command.settings(where, as_json)
