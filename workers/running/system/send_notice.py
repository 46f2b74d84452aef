"""`refold.send_notice`: tells people of one version of a human task by one channel, and never twice without being told to.

Whether something was sent nobody knows any more whose process died while it was being sent. So that it is about to be is stored
first, as a signal to the execution that sends it, and that it was not sent afterwards, where that is sure:

    begun@1 ─► send ─► it has failed ─► settled@1 ─► the next attempt
            └► the process dies ─► begun@1 is there, settled@1 is not ─► `notice.unknown`, which a person resolves

Where what was sent stands and is changed later, a version whose task was told of before waits for what that gives: else both would stand.
"""

from __future__ import annotations

from typing import Any, Final

from contracts.caller import Caller
from contracts.commands import SendSignal
from contracts.ports.activities import ActivityContext
from contracts.values import NULL
from domain.channels import CHANNELS
from domain.execution.moves.notices import CLOSED, notice_before
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.channels import SENDERS
from workers.running.channels.sender import UNKNOWN
from workers.running.channels.settings import ChannelSettings
from workers.running.desk import Desk, Operator, Standing

_ACTOR: Final = "refold.notify"
BEFORE_MAX: Final = 20
"""So many versions of a task before one are asked what they have sent."""


class SendNoticeConfig(configs.Config):
    """What is told, and where: see `domain/execution/moves/notices.py`."""

    message: dict[str, Any]


class SendNotice:
    """Sends one notice."""

    name = "refold.send_notice"
    summary = "Tells people of one version of a human task by one channel."
    Config = SendNoticeConfig
    tells_people = True

    def __init__(self, desk: Desk, channels: ChannelSettings) -> None:
        self._desk, self._channels = desk, channels

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """What the channel gives. Raises ActivityError `notice.no_channel`, `notice.unknown`, and what the channel raises."""
        message = configs.read_config(SendNoticeConfig, config).message
        make = SENDERS.get(message["channel"])
        if make is None:
            raise ActivityError("notice.no_channel", f"nobody here sends by {message['channel']}", retryable=False)
        sender = make(self._channels)
        channel = CHANNELS[message["channel"]]
        if channel.stands and message["sent"] is None:
            message = {**message, "sent": self._sent_before(context, message)}
        self._begin(context)
        try:
            return sender.send(context, message)
        except Cancelled:
            raise
        except Exception:
            self._mark(context, "settled", context.attempt)
            raise

    def _sent_before(self, context: ActivityContext, message: dict[str, Any]) -> Any:
        """What the notice before this one gave, where that was not recorded yet when this one began; None where none stands.

        Raises ActivityError `notice.before` while it is being sent. Of one that waits for a person nobody knows how long it does.
        """
        is_over = message["about"] in CLOSED
        for version in range(message["version"] - 1, max(0, message["version"] - 1 - BEFORE_MAX), -1):
            before = notice_before(context.execution, version)

            async def ask(operator: Operator, before: str = before) -> Standing | None:
                return await operator.standing(before)

            found = self._desk.call(context, ask)
            if found is not None and found.status == "completed":
                return found.output
            if found is not None and found.status in ("created", "running") and not is_over:
                raise ActivityError("notice.before", f"the message of version {version} of the task is being sent: {before}")
        return None

    def _begin(self, context: ActivityContext) -> None:
        async def unsettled(operator: Operator) -> int | None:
            """The last attempt that was about to send, where nobody has said what came of it."""
            for attempt in range(context.attempt, 0, -1):
                if await _has(operator, context, f"begun@{attempt}"):
                    return None if await _has(operator, context, f"settled@{attempt}") else attempt
            return None

        attempt = self._desk.call(context, unsettled)
        if attempt is not None:
            self._mark(context, "settled", attempt)
            message = "the process that sent this has died: look whether it was sent; then skip it, or have it sent again by a retry"
            raise ActivityError(UNKNOWN, message, retryable=False)
        self._mark(context, "begun", context.attempt)

    def _mark(self, context: ActivityContext, what: str, attempt: int) -> None:
        name = f"{what}@{attempt}"

        async def give(operator: Operator) -> None:
            await operator.give(context.execution, SendSignal(name, what, NULL), _caller(name))

        self._desk.call(context, give)


def _caller(name: str) -> Caller:
    return Caller(_ACTOR, name)


async def _has(operator: Operator, context: ActivityContext, name: str) -> bool:
    return await operator.has_acted(context.execution, _caller(name), {})
