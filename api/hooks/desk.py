"""The desk of webhooks: what happens with a request, from its path to its answer.

its path ─► a challenge? ─► its method, its size ─► its signature ─► paused? ─► its content ─► its key ─► start ─► answer
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import Response

from api.hooks.contents import content_of, read_query
from api.hooks.deliveries import Came, Delivery, Verdict
from api.problems import BadRequest, problem, respond
from api.service import Service, Start, Started, Unavailable
from contracts import values
from contracts.caller import Caller
from contracts.errors import ExpressionError, InvalidInput, NoCredential, Problem, RefoldError, Rejected
from contracts.ports.credentials import Secret, Use
from contracts.sealed_value import hide
from contracts.triggers import CAUSE_LENGTH_MAX, Trigger, TriggerStatus
from domain.execution.state import ENDED
from domain.expressions import program, value
from domain.triggers import challenges, signatures
from domain.triggers.firing import config_of, seen, started_with, triggered
from domain.triggers.webhook import BODILESS, Answer

SECRETS_S: Final = 2.0
"""So long a secret is remembered: one that was rotated or deleted counts so long."""
PAUSED_RETRY_S: Final = 60
SKIPPED: Final = "nothing was started: an execution of this workflow is paused, or waits for a person"
MISFIT: Final = (400, 405, 413, 415, 422)
"""What is answered so is the request's own fault; all else could not be started just now."""
_SENT: Final = "hook/"
"""With this begins the cause of what a request starts, and not of what somebody delivers again."""
_log: Final = logging.getLogger("refold.hooks")


class Outcome(NamedTuple):
    """What became of a request."""

    response: Response
    verdict: Verdict
    reason: str = ""
    message: str = ""
    key: str | None = None
    execution: str = ""


class Hooks:
    """Requests to webhooks."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def take(self, path: str, came: Came, caller: Caller, is_test: bool) -> Response:
        """The answer to a request; what became of it is noted."""
        status = self._service.webhook(path)
        if status is None:
            return problem(404, "not_found", "there is nothing at this path")
        trigger, config = status.trigger, config_of(status.trigger)
        hidden = signatures.read_names(config.signature)
        kept = came._replace(
            headers={name: one for name, one in came.headers.items() if name not in hidden},
            query=challenges.without_secret(config.challenge, came.query),
        )
        try:
            outcome = await self._taken(status, config, came, kept, caller, is_test)
        except RefoldError as error:
            outcome = _failed(trigger, error)
        self._service.hooks.note(
            Delivery(
                self._service.new_id(), self._service.now(), trigger.name, outcome.verdict, len(came.body), came.sender,
                outcome.response.status_code, outcome.reason, outcome.message, outcome.key, outcome.execution, kept,
            )
        )  # fmt: skip
        return outcome.response

    async def _taken(self, status: TriggerStatus, config: Any, came: Came, kept: Came, caller: Caller, is_test: bool) -> Outcome:
        trigger = status.trigger
        if (answer := await self._challenged(trigger, config, came, None)) is not None:
            return answer
        if came.method not in config.methods:
            allowed = {"Allow": ", ".join(config.methods)}
            refused = problem(405, "method_not_allowed", f"expected {' or '.join(config.methods)}, found {came.method}", allowed)
            return Outcome(refused, "invalid", "method_not_allowed", came.method)
        if len(came.body) > config.body_limit:
            raise BadRequest(413, "too_large", f"the body has {len(came.body):,} bytes; {config.body_limit:,} are the most here")
        await self._verify(trigger, config, came)
        if config.challenge is not None and not challenges.is_open(config.challenge.kind):
            body = await content_of(came.body, came.headers.get("content-type", ""), config.content)
            if (answer := await self._challenged(trigger, config, came, body)) is not None:
                return answer
        if is_test:
            return Outcome(Response(b'{"test":true}', 200, media_type="application/json"), "test")
        if status.paused is not None:
            raise Unavailable("paused", "this webhook is paused: send it again later", PAUSED_RETRY_S)
        found = await self._found(trigger, config, kept, "")
        key = found["key"]
        return await self._started(trigger, config, found, f"{_SENT}{self._service.new_id() if key is None else _cause(key)}", caller)

    # Proving.

    async def _verify(self, trigger: Trigger, config: Any, came: Came) -> None:
        signature = config.signature
        if signature is None:
            return
        secret = await self._secret(trigger, signature.secret)
        request = signatures.Signed(came.headers, came.body)
        try:
            signatures.verify(signature, request, [one.values for one in secret.valid], self._service.now() / 1000)
        except signatures.Refused as refused:
            raise BadRequest(401, refused.reason, str(refused)) from None
        except ValueError as error:
            raise NoCredential(signature.secret, f"it does not fit a webhook of the kind {signature.kind}: {error}") from None

    async def _secret(self, trigger: Trigger, name: str) -> Secret:
        now = asyncio.get_running_loop().time()
        secrets = self._service.hooks.secrets
        known = secrets.get(name)
        if known is None or now - known[0] > SECRETS_S:
            use = Use(workflow=trigger.workflow, purpose=f"trigger {trigger.name}")
            known = now, await self._service.secrets.resolve(name, use)
            secrets[name] = known
        return known[1]

    async def _challenged(self, trigger: Trigger, config: Any, came: Came, body: Any) -> Outcome | None:
        """The answer to a challenge; None for any other request."""
        challenge = config.challenge
        if challenge is None or (body is None and not challenges.is_open(challenge.kind)):
            return None
        secret = None if challenge.secret is None else await self._secret(trigger, challenge.secret)
        texts = [] if secret is None else [_text_of(challenge.secret, one.values) for one in secret.valid]
        method = "GET" if came.method == "HEAD" else came.method
        try:
            found = challenges.answered(challenge.kind, challenges.Asked(method, read_query(came.query), body), texts)
        except challenges.Unanswered as error:
            if came.method not in config.methods:
                return None
            raise BadRequest(400 if error.is_proved else 401, "bad_challenge", str(error)) from None
        if found is None:
            return None
        media_type = "application/json" if found.is_json else "text/plain"
        return Outcome(Response(found.content, 200, {"X-Content-Type-Options": "nosniff"}, media_type), "challenge")

    # Starting.

    async def redeliver(self, trigger: Trigger, delivery: Delivery, caller: Caller) -> Outcome:
        """Start what the request would have started, once more, whoever sent it; `trigger.by` says who wanted that."""
        assert delivery.came is not None
        config = config_of(trigger)
        found = await self._found(trigger, config, delivery.came, caller.actor)
        return await self._started(trigger, config, found, f"redelivery/{delivery.id}/{self._service.new_id()}", caller)

    async def _found(self, trigger: Trigger, config: Any, came: Came, by: str) -> dict[str, Any]:
        """What expressions see as `trigger`; its headers prove nothing any more."""
        given = {
            "body": await content_of(came.body, came.headers.get("content-type", ""), config.content),
            "headers": came.headers,
            "query": read_query(came.query),
            "key": None,
        }
        found = seen(trigger, given, by)
        if config.key is not None:
            found["key"] = _key(config.key, found)
        return found

    async def _started(self, trigger: Trigger, config: Any, found: Mapping[str, Any], cause: str, caller: Caller) -> Outcome:
        try:
            said = triggered(trigger, cause, found)._replace(by_itself=cause.startswith(_SENT))
            start = Start(trigger.workflow, started_with(trigger, found), caller=caller, trigger=said)
        except ExpressionError as error:
            raise InvalidInput([Problem("/", "expression", f"the `input` of this webhook cannot be filled in: {error}")]) from None
        await self._service.know(trigger.workflow)
        started = await self._service.start(start, config.wait_s)
        verdict: Verdict = "accepted" if started.created else "repeated"
        response = _answer(config.answer, trigger, found, started)
        return Outcome(response, verdict, key=found["key"], execution=started.view.execution_id)


def _key(source: str, found: Mapping[str, Any]) -> str:
    """What makes two requests the same. Raises InvalidInput where this one has none."""
    try:
        key = program(source).evaluate({"trigger": found})
    except ExpressionError as error:
        raise InvalidInput([Problem("/", "key", f"the `key` of this webhook cannot be read: {error}")]) from None
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise InvalidInput(
            [Problem("/", "key", f"`{source}`: expected a text or a whole number, found {str(key)[:100] or 'an empty text'}")]
        )
    return str(key)


def _cause(key: str) -> str:
    """A key as a cause; a long one by its digest."""
    digest = f"sha256/{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return key if len(key) < CAUSE_LENGTH_MAX - 100 else digest


def _text_of(name: str, found: Mapping[str, str]) -> str:
    for one in ("secret", "token", "password", "value"):
        if found.get(one):
            return found[one]
    raise NoCredential(name, "it has no value `secret` or `token`")


def _failed(trigger: Trigger, error: RefoldError) -> Outcome:
    """What a request is answered that started nothing. What is wrong with our own secrets is told to nobody outside."""
    if isinstance(error, NoCredential):
        _log.error("webhook %s cannot check what comes: %s", trigger.name, error)
        later = respond(Unavailable("unready", "this webhook cannot check what comes just now: send it again later", PAUSED_RETRY_S))
        return Outcome(later, "failed", "no_credential", str(error))
    if isinstance(error, Rejected) and error.reason == "while_paused":  # nothing that sending it again at once would change
        told = msgspec.json.encode({"skipped": error.reason, "message": SKIPPED})
        return Outcome(Response(told, 200, media_type="application/json"), "skipped", error.reason, str(error))
    response = respond(error)
    reason = msgspec.json.decode(response.body)["reason"]
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Signature"
    verdict: Verdict = (
        "refused" if response.status_code == 401
        else "paused" if reason == "paused"
        else "invalid" if response.status_code in MISFIT
        else "failed"
    )  # fmt: skip
    return Outcome(response, verdict, reason, str(error))


def _answer(answer: str | Answer, trigger: Trigger, found: Mapping[str, Any], started: Started) -> Response:
    """What whoever sent the request is told. The same for every request that is the same."""
    view = started.view
    accepted = Response(msgspec.json.encode({"execution_id": view.execution_id}), 202, media_type="application/json")
    if answer == "accepted":
        return accepted
    waits = (answer.after if isinstance(answer, Answer) else answer) == "result"
    if waits and view.status not in ENDED:
        return accepted
    if waits and view.status != "completed":
        said = f"what this request started is {view.status}"
        return problem(500, "execution_not_completed", said, execution_id=view.execution_id, execution_status=view.status)
    if not isinstance(answer, Answer):
        return Response(hide(bytes(view.output)), 200, media_type="application/json")
    execution = {"id": view.execution_id, "workflow": trigger.workflow}
    if waits:
        execution["output"] = values.decode(bytes(view.output))
    try:
        return written(answer.status, value(answer.body).render({"trigger": found, "execution": execution}))
    except (ExpressionError, InvalidInput) as error:
        return problem(500, "answer", f"it was taken, but its answer cannot be filled in: {error}", execution_id=view.execution_id)


def written(status: int, body: Any) -> Response:
    """An answer of one's own; what stands after a head that allows no body would be read as the next answer."""
    if body is None or status in BODILESS:
        return Response(status_code=status)
    if isinstance(body, str):
        return Response(hide(body.encode("utf-8", "replace")), status, {"X-Content-Type-Options": "nosniff"}, media_type="text/plain")
    return Response(hide(values.written(body)), status, media_type="application/json")
