"""Slack: a message with buttons, which is changed when the task is another one; what reminds stands below it, and in the channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.ports.activities import ActivityContext
from domain.channels.blocks import said
from domain.execution.moves.notices import CLOSED
from workers.running.activity_error import ActivityError
from workers.running.channels.settings import ChannelSettings
from workers.running.channels.slack_api import ask, error_of

_GONE: Final = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
"""Errors that say that the message before cannot be changed any more."""


class SlackSender:
    """Posts one message, or changes the one before."""

    name = "slack"

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings

    def send(self, context: ActivityContext, message: Mapping[str, Any]) -> Any:
        """See Sender: `{channel, ts}` of the message. Raises ActivityError `channel.setting`, `slack.…`, `notice.unknown`."""
        if self._settings.slack_token is None:
            why = "Slack needs the setting `slack_token` (REFOLD_SLACK_TOKEN=slack), a credential with the token of a bot"
            raise ActivityError("channel.setting", why, retryable=False)
        token = context.credential(self._settings.slack_token).values.get("token", "")
        content, sent = said(message), message["sent"]
        if sent is not None:
            is_changed = self._change(context, token, {**sent, **content})
            if message["about"] in CLOSED:
                return sent
            if is_changed:
                below = {"channel": sent["channel"], "thread_ts": sent["ts"], "reply_broadcast": True, "text": content["text"]}
                self._post(context, token, below)
                return sent
        return self._post(context, token, {"channel": message["target"], **content})

    def _change(self, context: ActivityContext, token: str, given: Mapping[str, Any]) -> bool:
        """Let the message before be this one; False where it is not there any more."""
        try:
            ask(context, self._settings.slack_url, token, "chat.update", given)
        except ActivityError as error:
            if error_of(error) in _GONE:
                return False
            raise
        return True

    def _post(self, context: ActivityContext, token: str, given: Mapping[str, Any]) -> dict[str, Any]:
        quiet = {"unfurl_links": False, "unfurl_media": False}
        found = ask(context, self._settings.slack_url, token, "chat.postMessage", {**given, **quiet}, is_once=True)
        return {"channel": str(found.get("channel", "")), "ts": str(found.get("ts", ""))}
