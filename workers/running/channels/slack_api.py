"""Slack's Web API: one method asked, and what its answer says about another try.

Whoever posts a message and hears nothing, or that something inside of Slack went wrong, does not know whether it stands there:
that is `notice.unknown`. What changes a message is the same twice, and is tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec

from contracts.ports.activities import ActivityContext
from workers.running.activity_error import ActivityError
from workers.running.channels.sender import UNKNOWN

if TYPE_CHECKING:
    from workers.running.egress.exchange import Question

TIMEOUT_S: Final = 20.0
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
WAIT_S_MAX: Final = 60.0
"""So long it is waited where Slack asks for time; the rest is what attempts wait by themselves."""
NOT_NOW: Final = frozenset({"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"})
"""Errors by which nothing was done, and which pass."""
UNSURE: Final = frozenset({"internal_error", "fatal_error"})
"""Errors after which, as Slack says, some of it may have been done."""
_HINTS: Final = {
    "not_in_channel": "invite the app to the channel, or give it the scope chat:write.public",
    "channel_not_found": "it is not there, or private and the app is not in it",
    "missing_scope": "give the app the scope, and install it again",
    "invalid_auth": "the token is none",
    "token_revoked": "the token counts no more: install the app again, and rotate the credential",
    "token_expired": "the token counts no more: install the app again, and rotate the credential",
    "is_archived": "the channel is archived",
}


def ask(
    context: ActivityContext,
    url: str,
    token: str,
    method: str,
    given: Mapping[str, Any],
    is_once: bool = False,
    timeout_s: float = TIMEOUT_S,
    is_patient: bool = True,
) -> dict[str, Any]:
    """What a method answers. `is_once` says that it must not be done twice; who is patient waits where Slack asks for time.

    Raises ActivityError: `slack.unreachable` and `slack.refused_for_now`, which may pass; `slack.refused`, and `notice.unknown`.
    """
    from workers.running.egress.addresses import is_any, resolve
    from workers.running.egress.exchange import exchange

    try:
        answer = exchange(context, _question(f"{url.rstrip('/')}/{method}", token, given, timeout_s), resolve, is_any)
    except ActivityError as error:
        is_sent = error.error_type not in ("http.connect", "http.forbidden_address")
        raise _cut_off(method, is_once and is_sent, str(error)) from error
    if answer.status == 429:
        if is_patient:
            _wait(context, answer.headers.get("retry-after", ""))
        raise ActivityError("slack.refused_for_now", f"{method}: Slack takes no more just now (429)")
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise _cut_off(method, is_once, f"{method}: HTTP {answer.status}, and nothing that Slack would say") from None
    if found.get("ok") is not True:
        raise _refused(method, is_once, str(found.get("error", answer.status))[:200], found)
    return found


def _question(url: str, token: str, given: Mapping[str, Any], timeout_s: float) -> Question:
    """A form, in which what is no text is JSON."""
    import httpx2

    from workers.running.egress.exchange import Question

    fields = {name: one if isinstance(one, str) else msgspec.json.encode(one).decode() for name, one in given.items()}
    return Question(
        method="POST", url=httpx2.URL(url),
        headers={"authorization": f"Bearer {token}", "content-type": "application/x-www-form-urlencoded; charset=utf-8"},
        content=urlencode(fields).encode(), timeout_s=timeout_s, follow_redirects=False, response_bytes_max=ANSWER_BYTES_MAX,
    )  # fmt: skip


def error_of(error: ActivityError) -> str:
    """The word that Slack has refused something with; empty where it has not."""
    return error.details["error"] if error.error_type == "slack.refused" and error.details else ""


def _cut_off(method: str, is_unknown: bool, said: str) -> ActivityError:
    if is_unknown:
        return ActivityError(UNKNOWN, f"Slack was given the message and has not said whether it took it: {said}"[:1_000], retryable=False)
    return ActivityError("slack.unreachable", f"{method}: {said}"[:1_000])


def _refused(method: str, is_once: bool, error: str, found: Mapping[str, Any]) -> ActivityError:
    if error in UNSURE:
        return _cut_off(method, is_once, f"{method}: {error}")
    if error in NOT_NOW:
        return ActivityError("slack.refused_for_now", f"{method}: {error}")
    said = found.get("response_metadata")
    more = "; ".join(map(str, said["messages"])) if isinstance(said, dict) and isinstance(said.get("messages"), list) else ""
    about = "; ".join(filter(None, [_HINTS.get(error, ""), f"needed: {found['needed']}" if "needed" in found else "", more]))
    message = f"{method}: {error}{f' ({about})' if about else ''}"[:1_000]
    return ActivityError("slack.refused", message, details={"error": error}, retryable=False)


def _wait(context: ActivityContext, after: str) -> None:
    """As long as Slack asks for, unless nobody waits for it any more."""
    stopped = threading.Event()
    context.on_cancel(stopped.set)
    stopped.wait(min(float(after), WAIT_S_MAX) if after.isascii() and after.isdecimal() and len(after) < 9 else 0.0)
