"""What an engine's service does about what comes in and is secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from api.service import Start, Started
from contracts.errors import Rejected
from infra.credentials.store import CredentialStore
from infra.server.background import Background
from infra.server.late_start import LateStart
from infra.server.start_sealing import Sealing
from projections.audit import AuditRecord, credential_act


class SealingService:
    """A part of a `Service`. All methods belong to the event loop's thread."""

    credentials: CredentialStore
    sealing: Sealing
    background: Background

    def _begin_sealed(
        self, start: Start, begin: Callable[[Callable[[Started | Exception], None]], Callable[[], None]],
        then: Callable[[Started | Exception], None],
    ) -> Callable[[], None]:  # fmt: skip
        """Begin a start: at once, or where it holds secrets, and their key is not at hand yet, as soon as it is."""
        if self.sealing.is_ready(start):
            return begin(then)
        late = LateStart(lambda _: begin(then), then)
        self.background.begin(self._have_key(late))
        return late.forget

    async def _have_key(self, late: LateStart) -> None:
        try:
            await asyncio.to_thread(self.sealing.sealer.load)
        except Exception as error:  # whoever asked has to hear of it, whatever it is
            late.refuse(error)
        else:
            late.begin()

    async def credential_acts(self) -> Sequence[AuditRecord]:
        """What was done to credentials; nothing where none can be kept."""
        try:
            return [credential_act(number, act) for number, act in await asyncio.to_thread(self.credentials.acts)]
        except Rejected:
            return ()

    async def seal_answer(self, execution: str, form: Any, data: bytes) -> bytes:
        """The data of an answer to a task with this form, as they may be stored. Raises InvalidInput, NoCredential, LogError."""
        return data if form is None else await asyncio.to_thread(self.sealing.sealed_answer, execution, form, data)
