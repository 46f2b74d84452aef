"""The desk of webhooks: what happens with a request, from its path to its answer.

its path ─► a challenge? ─► its method, its size ─► its signature ─► paused? ─► its content ─► its key ─► start ─► answer
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from fastapi import Response

from api.hooks.contents import content_of, is_in_parts, read_content, read_query
from api.hooks.deliveries import Came, Delivery, Known, Verdict
from api.hooks.plan import Plan, plan_of
from api.problems import BadRequest, problem, respond
from api.service import Service, Start, Started, Unavailable
from contracts import values
from contracts.caller import Caller
from contracts.errors import ExpressionError, InvalidInput, NoCredential, Problem, RefoldError, Rejected
from contracts.ports.credentials import Use
from contracts.sealed_value import hide
from contracts.triggers import CAUSE_LENGTH_MAX, Trigger, TriggerPaused
from domain.execution.state import ENDED
from domain.expressions import value
from domain.expressions.program import Program
from domain.triggers import challenges, signatures
from domain.triggers.firing import seen, started_with, triggered
from domain.triggers.webhook import BODILESS, Answer

SECRETS_S: Final = 2.0
"""So long a secret is remembered: one that was rotated or deleted counts so long."""
PAUSED_RETRY_S: Final = 60
SKIPPED: Final = "nothing was started: an execution of this workflow is paused, or waits for a person"
JSON: Final = "application/json"
MISFIT: Final = (400, 405, 413, 415, 422)
"""What is answered so is the request's own fault; all else could not be started just now."""
_SENT: Final = "hook/"
"""With this begins the cause of what a request starts, and not of what somebody delivers again."""
_log: Final = logging.getLogger("refold.hooks")


class Said(NamedTuple):
    """An answer in JSON, as most are."""

    status_code: int
    body: bytes


Answered: TypeAlias = Response | Said
Then: TypeAlias = Callable[[Answered | Exception], None]


class Outcome(NamedTuple):
    """What became of a request."""

    response: Answered
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
        waiting = self._service.webhook(path)
        if waiting is None:
            return problem(404, "not_found", "there is nothing at this path")
        plan, id_ = plan_of(waiting[0]), self._service.new_id()
        kept = plan.kept(came)
        try:
            outcome = await self._taken(plan, waiting[1], came, kept, id_, caller, is_test)
        except RefoldError as error:
            outcome = _failed(plan.trigger, error)
        answered = self._noted(plan.trigger, id_, kept, outcome)
        return Response(answered.body, answered.status_code, media_type=JSON) if isinstance(answered, Said) else answered

    def begin(self, path: str, came: Came, caller: Caller, then: Then) -> bool:
        """The same without a task, where nothing is awaited but the start: `then` hears the answer. With False nothing was done."""
        waiting = self._service.webhook(path)
        if waiting is None:
            return False
        plan = plan_of(waiting[0])
        config, content_type = plan.config, came.headers.get("content-type", "")
        known = None if config.signature is None else self._at_hand(plan.trigger, config.signature.secret)
        is_unproved = config.signature is not None and known is None
        is_closed = waiting[1] is not None or len(came.body) > config.body_limit or came.method not in config.methods
        if is_unproved or is_closed or config.challenge is not None or is_in_parts(content_type, config.content):
            return False
        kept, id_ = plan.kept(came), self._service.new_id()
        found: dict[str, Any] = {}

        def started(outcome: Started | Exception) -> None:
            then(self._ended(plan, id_, kept, found, outcome))

        try:
            self._prove(plan, came, known)
            found = _found(plan, kept, read_content(came.body, content_type, config.content), "")
            self._service.begin_start(_start(plan, found, _cause(found["key"], id_), caller), plan.wait_s, started)
        except RefoldError as error:
            then(self._noted(plan.trigger, id_, kept, _failed(plan.trigger, error)))
        return True

    def _ended(self, plan: Plan, id_: str, kept: Came, found: Mapping[str, Any], started: Started | Exception) -> Answered | Exception:
        """The answer to a request that was given to the engine; what it failed with where that is an error of the engine."""
        try:
            outcome = _failed(plan.trigger, started) if isinstance(started, RefoldError) else _outcome(plan, found, started)
        except Exception as bug:  # whoever asked has to hear of it, whatever it is
            return bug
        return self._noted(plan.trigger, id_, kept, outcome)

    def _noted(self, trigger: Trigger, id_: str, kept: Came, outcome: Outcome) -> Answered:
        """What is answered, once that is remembered."""
        response, verdict, reason, message, key, execution = outcome
        size, at = len(kept.body), self._service.now()
        self._service.hooks.note(
            Delivery(id_, at, trigger.name, verdict, size, kept.sender, response.status_code, reason, message, key, execution, kept)
        )
        return response

    async def _taken(
        self, plan: Plan, paused: TriggerPaused | None, came: Came, kept: Came, id_: str, caller: Caller, is_test: bool
    ) -> Outcome:  # fmt: skip
        trigger, config = plan.trigger, plan.config
        if (answer := await self._challenged(trigger, config, came, None)) is not None:
            return answer
        if came.method not in config.methods:
            allowed = {"Allow": ", ".join(config.methods)}
            refused = problem(405, "method_not_allowed", f"expected {' or '.join(config.methods)}, found {came.method}", allowed)
            return Outcome(refused, "invalid", "method_not_allowed", came.method)
        _check_size(config, came)
        if config.signature is not None:
            self._prove(plan, came, await self._known(trigger, config.signature.secret))
        if config.challenge is not None and not challenges.is_open(config.challenge.kind):
            body = await content_of(came.body, came.headers.get("content-type", ""), config.content)
            if (answer := await self._challenged(trigger, config, came, body)) is not None:
                return answer
        if is_test:
            return Outcome(Said(200, b'{"test":true}'), "test")
        _check_open(paused)
        found = await self._found(plan, kept, "")
        return await self._started(plan, found, _cause(found["key"], id_), caller)

    # Proving.

    def _prove(self, plan: Plan, came: Came, known: Known | None) -> None:
        """Raise BadRequest unless the request is proved; NoCredential where the secret cannot prove any."""
        signature = plan.config.signature
        if signature is None:
            return
        assert known is not None
        prove = known.provers.get(plan.trigger.content)
        if prove is None:
            prove = known.provers[plan.trigger.content] = signatures.prover(signature, [one.values for one in known.secret.valid])
        try:
            prove(came.headers, came.body, self._service.now() / 1000)
        except signatures.Refused as refused:
            raise BadRequest(401, refused.reason, str(refused)) from None
        except ValueError as error:
            raise NoCredential(signature.secret, f"it does not fit a webhook of the kind {signature.kind}: {error}") from None

    def _at_hand(self, trigger: Trigger, name: str) -> Known | None:
        """A secret that was asked for a moment ago."""
        known = self._service.hooks.secrets.get((trigger.workflow, name))
        return None if known is None or asyncio.get_running_loop().time() - known.since > SECRETS_S else known

    async def _known(self, trigger: Trigger, name: str) -> Known:
        """A secret, read once for all who wait for it; it counts from when that was begun."""
        known, reading = self._at_hand(trigger, name), self._service.hooks.reading
        if known is not None:
            return known
        key = trigger.workflow, name
        begun = reading.get(key)
        if begun is None:
            begun = reading[key] = asyncio.ensure_future(self._read(trigger, name))
            begun.add_done_callback(lambda _: reading.pop(key, None))
        return await asyncio.shield(begun)

    async def _read(self, trigger: Trigger, name: str) -> Known:
        now = asyncio.get_running_loop().time()
        found = await self._service.secrets.resolve(name, Use(workflow=trigger.workflow, purpose=f"trigger {trigger.name}"))
        known = self._service.hooks.secrets[trigger.workflow, name] = Known(now, found, {})
        return known

    async def _challenged(self, trigger: Trigger, config: Any, came: Came, body: Any) -> Outcome | None:
        """The answer to a challenge; None for any other request."""
        challenge = config.challenge
        if challenge is None or (body is None and not challenges.is_open(challenge.kind)):
            return None
        secret = None if challenge.secret is None else (await self._known(trigger, challenge.secret)).secret
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
        plan = plan_of(trigger)
        found = await self._found(plan, delivery.came, caller.actor)
        return await self._started(plan, found, f"redelivery/{delivery.id}/{self._service.new_id()}", caller)

    async def _found(self, plan: Plan, came: Came, by: str) -> dict[str, Any]:
        content_type = came.headers.get("content-type", "")
        return _found(plan, came, await content_of(came.body, content_type, plan.config.content), by)

    async def _started(self, plan: Plan, found: Mapping[str, Any], cause: str, caller: Caller) -> Outcome:
        return _outcome(plan, found, await self._service.start(_start(plan, found, cause, caller), plan.wait_s))


def _check_size(config: Any, came: Came) -> None:
    if len(came.body) > config.body_limit:
        raise BadRequest(413, "too_large", f"the body has {len(came.body):,} bytes; {config.body_limit:,} are the most here")


def _check_open(paused: TriggerPaused | None) -> None:
    if paused is not None:
        raise Unavailable("paused", "this webhook is paused: send it again later", PAUSED_RETRY_S)


def _found(plan: Plan, came: Came, body: Any, by: str) -> dict[str, Any]:
    """What expressions see as `trigger`; its headers prove nothing any more."""
    given = {"body": body, "headers": came.headers, "query": read_query(came.query) if came.query else {}, "key": None}
    found = seen(plan.trigger, given, by)
    if plan.key is not None:
        found["key"] = (plan.key_header and came.headers.get(plan.key_header)) or _key(plan.key, found)
    return found


def _start(plan: Plan, found: Mapping[str, Any], cause: str, caller: Caller) -> Start:
    """What a request starts. Raises InvalidInput where its input cannot be filled in."""
    trigger = plan.trigger
    try:
        said = triggered(trigger, cause, found, by_itself=cause.startswith(_SENT), is_read=True)
        return Start(trigger.workflow, started_with(trigger, found, is_read=True), caller=caller, trigger=said)
    except ExpressionError as error:
        raise InvalidInput([Problem("/", "expression", f"the `input` of this webhook cannot be filled in: {error}")]) from None


def _outcome(plan: Plan, found: Mapping[str, Any], started: Started | Exception) -> Outcome:
    """What became of a request that was given to the engine; what it failed with is raised."""
    if isinstance(started, Exception):
        raise started
    verdict: Verdict = "accepted" if started.created else "repeated"
    response = _answer(plan.config.answer, plan.trigger, found, started)
    return Outcome(response, verdict, key=found["key"], execution=started.view.execution_id)


def _key(key: Program, found: Mapping[str, Any]) -> str:
    """What makes two requests the same. Raises InvalidInput where this one has none."""
    try:
        said = key.evaluate({"trigger": found})
    except ExpressionError as error:
        raise InvalidInput([Problem("/", "key", f"the `key` of this webhook cannot be read: {error}")]) from None
    if isinstance(said, bool) or not isinstance(said, str | int) or said == "":
        raise InvalidInput(
            [Problem("/", "key", f"`{key.source}`: expected a text or a whole number, found {str(said)[:100] or 'an empty text'}")]
        )
    return str(said)


def _cause(key: str | None, id_: str) -> str:
    """What starts an execution: a key, a long one by its digest; without any this delivery alone."""
    if key is None:
        return f"{_SENT}{id_}"
    if len(key) < CAUSE_LENGTH_MAX - 100:
        return f"{_SENT}{key}"
    return f"{_SENT}sha256/{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


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
        return Outcome(Said(200, told), "skipped", error.reason, str(error))
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


def _answer(answer: str | Answer, trigger: Trigger, found: Mapping[str, Any], started: Started) -> Answered:
    """What whoever sent the request is told. The same for every request that is the same."""
    view = started.view
    accepted = Said(202, msgspec.json.encode({"execution_id": view.execution_id}))
    if answer == "accepted":
        return accepted
    waits = (answer.after if isinstance(answer, Answer) else answer) == "result"
    if waits and view.status not in ENDED:
        return accepted
    if waits and view.status != "completed":
        said = f"what this request started is {view.status}"
        return problem(500, "execution_not_completed", said, execution_id=view.execution_id, execution_status=view.status)
    if not isinstance(answer, Answer):
        return Said(200, hide(bytes(view.output)))
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
