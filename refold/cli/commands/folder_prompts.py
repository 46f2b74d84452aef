"""The prompts of a data folder: looked at whoever holds it, and published by an engine of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.caller import new_correlation
from api.operations.prompts import difference_value, shown, version_value
from contracts.caller import ANONYMOUS, Caller
from domain.definition.prompt_check import canonical_prompt, checked_prompt, prompt_hash
from projections.definitions import active_of
from refold.cli.commands.target import Value
from workers.partition.catalog import versions_in

if TYPE_CHECKING:
    from refold.cli.commands.folder import FolderTarget


class FolderPrompts:
    """Does in a data folder what a client asks of a server."""

    def __init__(self, target: FolderTarget) -> None:
        self._target = target

    def prompts(self) -> list[Value]:
        """Of each the latest version, by name."""
        with self._target.reader() as reader:
            known = reader.catalog.prompts
            return [version_value(known.get(name)) for name in known.names()]

    def prompt(self, name: str, *, version: int | None = None) -> Value:
        """One of them, and which workflows use it."""
        with self._target.reader() as reader:
            catalog = reader.catalog
            found = catalog.prompts.get(name, version)
            return shown(found, [active_of(versions_in(catalog, one)) for one in catalog.names()])

    def prompt_versions(self, name: str) -> list[Value]:
        """All versions of one."""
        with self._target.reader() as reader:
            return [version_value(one) for one in reader.catalog.prompts.versions(name)]

    def prompt_diff(self, name: str, before: int, after: int) -> Value:
        """What is different between two versions."""
        with self._target.reader() as reader:
            known = reader.catalog.prompts
            return difference_value(known.get(name, before), known.get(name, after))

    def publish_prompt(self, prompt: Value) -> Value:
        """Keep one."""
        read = checked_prompt(prompt)
        content = canonical_prompt(read)
        with self._target.engine() as engine:
            caller = Caller(ANONYMOUS, new_correlation())
            found, created = engine.catalog.publish_prompt(read.name, prompt_hash(content), content, caller)
        return {**version_value(found), "created": created}
