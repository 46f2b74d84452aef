"""Where credentials are kept, by the settings: beside the log in the data folder, or with the read models that processes share."""

from __future__ import annotations

import os
from collections.abc import Mapping

from contracts.ports.clock import Clock
from infra.credentials.master_keys import master_keys_at
from infra.credentials.recorder import Place, in_file, in_memory, in_postgres, nowhere
from infra.credentials.store import CredentialStore
from infra.files.data_folder import DataFolder
from infra.settings.model import EngineSettings
from workers.running.egress.addresses import is_any, is_public


def credential_store(settings: EngineSettings, clock: Clock, environment: Mapping[str, str] = os.environ) -> CredentialStore:
    """The store; nothing is opened before it is needed. Raises LogError for a `master_key` that is nowhere."""
    is_allowed = is_any if settings.allow_private_addresses else is_public
    return CredentialStore(_place(settings), master_keys_at(settings.master_key, settings.data, environment), clock, is_allowed=is_allowed)


def _place(settings: EngineSettings) -> Place:
    if settings.log is None:
        return in_memory() if settings.data is None else in_file(DataFolder(settings.data).credentials)
    if settings.read_models is None:
        return nowhere("of a log on Kafka they are kept in PostgreSQL: name a database with the setting `read_models`")
    from infra.server.kafka import address_of

    return in_postgres(settings.read_models, address_of(settings.log).prefix)
