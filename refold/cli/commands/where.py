"""From options to settings, and from settings to the place that a command asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from contracts.errors import InvalidSettings
from infra.settings.model import EngineSettings
from infra.settings.sources import Given, Settings, flag_of, read_settings
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import Target
from refold.cli.options import Where
from workers.running.files import is_within

if TYPE_CHECKING:
    from refold.cli.commands.folder import FolderTarget
    from refold.cli.commands.server import ServerTarget

_RANKS: Final = {"default": 0, "file": 1, "environment": 2, "flag": 3}


def settings_of(where: Where) -> Settings:
    """All settings, as they count for this command. Raises InvalidSettings."""
    flags = {name: Given(value, "flag", f"--{name.replace('_', '-')}") for name, value in where.flags.items()}
    flags |= dict(flag_of(text) for text in where.sets)
    return read_settings(flags, os.environ, where.config)


def target_of(where: Where) -> Target:
    """The data folder or the server that is meant: what was said later counts, and both at once are refused."""
    settings = checked_settings(where)
    if not asks_a_server(settings):
        return _folder(where, settings)
    from refold.cli.commands.server import ServerTarget

    assert settings.client.server is not None
    _check_no_engine(where, settings.client.server)
    return ServerTarget(settings.client.server, _options(where, "server"))


@contextmanager
def working_place(where: Where, worker: str | None, must_exist: bool = False) -> Iterator[Target]:
    """The place that is meant, for as long as a command acts there; with a worker for the activities of a module beside it."""
    if worker is None:
        yield target_of(where)
        return
    from refold.cli.commands.with_worker import with_worker

    with with_worker(where, worker, must_exist) as target:
        yield target


def folder_of(where: Where, why: str) -> FolderTarget:
    """The data folder. Raises BadInput, saying why, where a server is meant."""
    settings = checked_settings(where)
    if asks_a_server(settings):
        given = settings.given["server"]
        raise BadInput(f"{why}; a server is meant ({given}: {given.value}): give --data DIR instead")
    return _folder(where, settings)


def server_of(where: Where, why: str) -> ServerTarget:
    """The server. Raises BadInput, saying why, where a data folder is meant."""
    from refold.cli.commands.server import ServerTarget

    target = target_of(where)
    if not isinstance(target, ServerTarget):
        raise BadInput(f"{why}, and {target.name} is a data folder: give --server URL")
    return target


def engine_of(settings: Settings) -> EngineSettings:
    """The settings of an engine; a data folder that was said later than the log is what is meant."""
    data, log = settings.given["data"], settings.given["log"]
    is_folder = settings.engine.log is not None and _RANKS[data.origin] > _RANKS[log.origin]
    return settings.engine.model_copy(update={"log": None}) if is_folder else settings.engine


def asks_a_server(settings: Settings) -> bool:
    """Whether a server is meant, and not a data folder. Raises InvalidSettings where both are said at once."""
    data, server = settings.given["data"], settings.given["server"]
    if server.value is None:
        return False
    if data.origin == server.origin:
        raise InvalidSettings(f"give either a data folder ({data}) or a server ({server}), not both")
    return _RANKS[server.origin] > _RANKS[data.origin]


def _check_no_engine(where: Where, server: str) -> None:
    own = [f"--{name.replace('_', '-')}" for name in where.flags if name not in ("data", "server")]
    own += [f"--set {text.partition('=')[0]}" for text in where.sets if text.partition("=")[0] not in ("data", "server")]
    if own:
        raise BadInput(f"{own[0]} is for an engine on a data folder; the server {server} has settings of its own")


def checked_settings(where: Where) -> Settings:
    """The settings for an engine: the folder of files is there, and not in the data folder. Raises InvalidSettings, BadInput."""
    settings = settings_of(where)
    files = settings.engine.files
    if files is not None and not files.is_dir():
        found = "a file" if files.exists() else "nothing"
        raise BadInput(f"setting files ({settings.given['files']}): {files}: expected a folder, found {found}")
    data = settings.engine.data
    if files is not None and data is not None and is_within(files.absolute(), data.absolute()):
        where_from = f"setting files ({settings.given['files']}): {files}"
        raise BadInput(f"{where_from}: it lies in the data folder {data}, which is the engine's own; name another folder")
    return settings


def _folder(where: Where, settings: Settings) -> FolderTarget:
    from refold.cli.commands.folder import FolderTarget

    return FolderTarget(engine_of(settings), _options(where, "data"), _options(where, "files"), str(settings.given["log"]))


def _options(where: Where, name: str) -> list[str]:
    """The flags to give again, so that another command looks at the same place."""
    words = [f"--{name}", str(where.flags[name])] if name in where.flags else []
    return [*words, *(["--config", str(where.config)] if where.config is not None and name != "files" else [])]
