"""The verbs of the command line that go on from what is recorded, as a new execution: `refold fork`, `refold retry`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import (
    Config,
    Data,
    Execution,
    Files,
    Going,
    Json,
    NoContinue,
    OwnId,
    Private,
    Server,
    Timeout,
    Worker,
    check_id_or_key,
    going,
    takes,
)

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Set `variables.NAME`, `nodes.PATH.output` or `input`, or a part; repeatable."),
]
Definition = Annotated[
    str | None, typer.Option("--definition", metavar="VERSION|FILE", help="Another version decides again over what is recorded.")
]
Key = Annotated[str | None, typer.Option("--key", help="A key of your own; with the same key it is the same new execution.")]


def forking(
    data: Data = None,
    server: Server = None,
    config: Config = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    timeout: Timeout = None,
    no_continue: NoContinue = False,
    worker: Worker = None,
) -> Going:
    """The options of a command that goes on with a new execution; `--set` says what is otherwise in it."""
    return going(data, server, config, None, files, allow_private_addresses, timeout, no_continue, worker)


@takes(going=forking)
def fork(
    going: Going,
    execution: Execution,
    at: Annotated[int | None, typer.Option("--at", metavar="VERSION", min=1, help="After this event; after the last without it.")] = None,
    sets: Sets = None,
    definition: Definition = None,
    until: Annotated[
        int | None,
        typer.Option(
            "--recorded-until", metavar="VERSION", min=1, help="What is recorded up to this event decides on first; then it lives."
        ),
    ] = None,
    own_id: OwnId = None,
    key: Key = None,
    as_json: Json = False,
) -> int:
    """Go on from any event of an execution, as a new one. The source stays as it is; what was open is asked anew."""
    from refold.cli.commands import fork as command
    from refold.cli.commands.target import Forking

    check_id_or_key(own_id, key)
    wanted = Forking(execution=execution, at=at, sets=command.sets_in(sets or ()), until=until, own_id=own_id, key=key)
    return command.fork(going, wanted, definition, as_json)


@takes(going=forking)
def retry(
    going: Going,
    execution: Execution,
    sets: Sets = None,
    definition: Definition = None,
    own_id: OwnId = None,
    key: Key = None,
    as_json: Json = False,
) -> int:
    """Go on in the place of a failure, as a new execution. All results before it are kept, and what failed is done again."""
    from refold.cli.commands import fork as command
    from refold.cli.commands.target import Forking

    check_id_or_key(own_id, key)
    wanted = Forking(execution=execution, retries=True, sets=command.sets_in(sets or ()), own_id=own_id, key=key)
    return command.fork(going, wanted, definition, as_json)
