"""The connectors of a data folder: looked at whoever holds it, and published by an engine of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.caller import new_correlation
from api.operations.connectors import checked_content, connector_values, connector_version_value, shown_connector
from contracts.caller import ANONYMOUS, Caller
from domain.connectors.connector_check import connector_hash
from projections.definitions import active_of
from refold.cli.commands.target import Value
from workers.partition.catalog import versions_in

if TYPE_CHECKING:
    from refold.cli.commands.folder import FolderTarget


class FolderConnectors:
    """Does in a data folder what a client asks of a server."""

    def __init__(self, target: FolderTarget) -> None:
        self._target = target

    def connectors(self) -> list[Value]:
        """Of each the latest version, by name."""
        with self._target.reader() as reader:
            return connector_values(reader.catalog.connectors.latest())

    def connector(self, name: str, *, version: int | None = None) -> Value:
        """One of them, and which workflows use it."""
        with self._target.reader() as reader:
            catalog = reader.catalog
            found = catalog.connectors.get(name, version)
            return shown_connector(found, [active_of(versions_in(catalog, one)) for one in catalog.names()])

    def connector_versions(self, name: str) -> list[Value]:
        """All versions of one."""
        with self._target.reader() as reader:
            return connector_values(reader.catalog.connectors.versions(name))

    def publish_connector(self, connector: Value) -> Value:
        """Keep one."""
        name, content = checked_content(connector)
        with self._target.engine() as engine:
            caller = Caller(ANONYMOUS, new_correlation())
            found, created = engine.catalog.publish_connector(name, connector_hash(content), content, caller)
        return {**connector_version_value(found), "created": created}
