"""The rows of read models after the kills, brought to the end of the log, beside those of a rebuild that nothing has happened to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.files.data_folder import DataFolder
from infra.settings.model import EngineSettings
from tests.chaos.evidence import bring_up, differing, read_rebuilt, rows_in


def unlike(datas: Mapping[str, Path], clean: Path, log: str | None) -> Iterator[str]:
    """What is another row in one of these data folders than in a rebuild. Nobody may be at work on them. Without `log` it is theirs."""
    if log is None:
        (data,) = datas.values()
        yield from differing(*read_rebuilt(data))
        return
    DataFolder(clean).create()
    bring_up(EngineSettings(data=clean, log=log))
    for name, data in datas.items():
        bring_up(EngineSettings(data=data, log=log))
        for path in _files(clean):
            for fault in differing(rows_in(data / path.name), rows_in(path)):
                yield f"{name}, {path.name}: {fault}"


def _files(data: Path) -> Sequence[Path]:
    return sorted(data.glob("projection*.db"))
