"""The verbs of the command line that are about processes: a server, a worker, the log that they share."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Activities, Config, Keys, Log, OwnName, ReadModels, Where, WorkLog, WorkServer, holding, takes


@takes(where=holding)
def serve(
    where: Where,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen at; 127.0.0.1 without it.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port, 8080 without it; 0 takes a free one.")] = None,
    lane: Annotated[bool | None, typer.Option("--lane/--no-lane", help="Whether hot requests go past the web framework.")] = None,
    ui: Annotated[bool | None, typer.Option("--ui/--no-ui", help="Whether the web UI is served, too.")] = None,
    log: Log = None,
    read_models: ReadModels = None,
    keys: Keys = None,
    roles: Annotated[
        str | None,
        typer.Option(
            "--roles",
            metavar="ROLE,…",
            help="On a log on Kafka: some of api,owner,projector,worker,publisher; all but publisher without it.",
        ),
    ] = None,
    node: Annotated[str | None, typer.Option("--node", metavar="NAME", help="What this process is called among those on the log.")] = None,
) -> int:
    """Serve the web UI and the HTTP API, and run what is started."""
    from refold.cli.commands import serve as command

    where = where.and_flags(
        host=host, port=port, lane=lane, ui=ui, log=log, read_models=read_models, keys=keys, roles=roles, node=node
    )  # fmt: skip
    return command.serve(where)


def worker(
    target: Activities,
    server: WorkServer = None,
    log: WorkLog = None,
    name: OwnName = None,
    queues: Annotated[str, typer.Option("--queues", metavar="A,B", help="The queues to take work from.")] = "default",
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=1_000, help="How many plain functions run at a time.")] = 32,
    processes: Annotated[int, typer.Option("--processes", min=1, max=256, help="How many processes work.")] = 1,
    watch: Annotated[bool, typer.Option("--watch", help="Start again when a source file changes.")] = False,
    kinds: Annotated[bool, typer.Option("--kinds", help="Only list the kinds that the module offers, as JSON.")] = False,
) -> int:
    """Run activities of your own, for a server or a log on Kafka."""
    from refold.worker import command

    where = command.WorkerTarget(server=server, log=log, name=name, queues=command.names(queues))
    wanted = command.Wanted(target=target, where=where, concurrency=concurrency, processes=processes, watch=watch, only_kinds=kinds)
    return command.worker(wanted)


# A log on Kafka.

kafka = typer.Typer(no_args_is_help=True, help="Look after a log on Apache Kafka.")


@kafka.command("init")
def kafka_init(
    log: Log = None,
    config: Config = None,
    partitions: Annotated[
        int | None, typer.Option("--partitions", min=1, max=1024, help="How many partitions journal and commands get; 8 without it.")
    ] = None,
    replication: Annotated[
        int | None, typer.Option("--replication", min=1, help="How many brokers hold each record; 3 without it, or as many as there are.")
    ] = None,
) -> int:
    """Make the topics that are missing. What is set otherwise than it must be is set."""
    from refold.cli.commands import kafka as command

    return command.init(Where(config=config).and_flags(log=log), partitions, replication)
