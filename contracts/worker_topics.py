"""What workers and the engine say to each other over Kafka, as JSON: task records, result records, cancellations.

    engine                                                        worker
      ├── <prefix>.activities.<queue>.<kind>[.high|.low]  Task record ──►
      ◄── <prefix>.commands, the partition of the task    Result record ─┤
      └── <prefix>.cancellations                          Cancellation ──►

They are the messages of the worker protocol (`contracts/worker_protocol.py`), one a record. Payloads stand in the records
and are not parsed on their way. What a worker has to keep to stands in `docs/reference/worker-protocol.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from contracts.commands import Caching, CancelActivity, Limits, RunActivity
from contracts.ids import activity_key, idempotency_key
from contracts.trace import traceparent_of
from contracts.values import is_reference
from contracts.worker_protocol import PROTOCOL, BadMessage, Name, Result, Task, check_characters, read
from contracts.worker_results import error_instead, members_of, object_of

HIGH_FROM: Final = 7
LOW_UP_TO: Final = 3
ACTIVITIES: Final = "activities"
CANCELLATIONS: Final = "cancellations"
MEMBERS: Final = "members"
BUILT_IN: Final = "_builtin"
"""What stands in a topic's name instead of a kind that comes with Refold: who runs one of them runs all of them."""


SEQUENCE_MAX: Final = 2**62


class CacheWish(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How long a result may be used again, and under which key (JSON) besides the content; a key that is absent is none."""

    ttl_ms: int
    key: Raw | UnsetType = UNSET


class TaskRecord(Task, frozen=True, kw_only=True, gc=False):
    """A task with all that another engine process needs to know of it."""

    protocol: int
    queue: str
    cache: CacheWish | None = None
    sequence: int = 0
    """Rises with what an execution calls for: a cancellation is about tasks of a lower one."""


class TopicResult(Result, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One result, and the name of the worker that reports it."""

    protocol: int
    worker: Name


class Cancellation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Nobody waits for this any more: attempt 0 is every attempt, the empty path every node; of tasks of a lower sequence only.

    It and the tasks come by different topics, so a later attempt may be read before it.
    """

    execution: str
    path: str
    attempt: Annotated[int, Meta(ge=0)]
    sequence: int = SEQUENCE_MAX


class AttemptId(NamedTuple):
    """What a task's id names."""

    execution: str
    path: str
    attempt: int


_encode = msgspec.json.Encoder().encode
_tasks: Final = msgspec.json.Decoder(TaskRecord)
_topic_results: Final = msgspec.json.Decoder(TopicResult)
_cancellations: Final = msgspec.json.Decoder(Cancellation)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_OTHER: Final = re.compile(r"[^A-Za-z0-9_-]")


# Topics.


def task_topic(queue: str, kind: str, priority: int) -> str:
    """The topic of a task, without the prefix of the log."""
    level = ".high" if priority >= HIGH_FROM else ".low" if priority <= LOW_UP_TO else ""
    return f"{ACTIVITIES}.{topic_part(queue)}.{topic_part(kind)}{level}"


def topic_part(name: str) -> str:
    """A name as a part of a topic's: one that Kafka would not take is written otherwise, and marked with a digest."""
    if _PLAIN.match(name):
        return name
    return f"{_OTHER.sub('-', name)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


# Tasks.


def encode_task(activity: RunActivity, config: bytes, input: bytes, sequence: int = 0, steps: Mapping[str, bytes] | None = None) -> bytes:
    """The record of a task. `config`, `input` and the results of `steps` are JSON; no references to blobs."""
    assert not is_reference(config), "a task's config is inline"
    assert not is_reference(input), "a task's input is inline"
    limits, caching = activity.limits, activity.caching
    return _encode(
        TaskRecord(
            protocol=PROTOCOL,
            task=activity_key(activity.execution, activity.path, activity.attempt),
            execution=activity.execution,
            workflow=activity.workflow,
            path=activity.path,
            attempt=activity.attempt,
            kind=activity.kind,
            queue=activity.queue,
            config=Raw(config or b"{}"),
            input=Raw(input or b"null"),
            idempotency_key=idempotency_key(activity.execution, activity.path),
            timeout_ms=limits.start_to_close,
            heartbeat_ms=limits.heartbeat,
            priority=activity.priority,
            report_start=limits.report_start,
            correlation_id=activity.correlation,
            traceparent=traceparent_of(activity),
            steps={name: Raw(output) for name, output in steps.items()} if steps else UNSET,
            cache=_wish(caching) if caching else None,
            sequence=sequence,
        )
    )


def _wish(caching: Caching) -> CacheWish:
    """A key so big that it is a blob is known by its reference: it is only compared."""
    key = caching.key
    if key is None:
        return CacheWish(ttl_ms=caching.ttl_ms)
    return CacheWish(ttl_ms=caching.ttl_ms, key=Raw(b'"%s"' % key if is_reference(key) else key))


def decode_task(content: bytes, may_have_begun: bool = False) -> RunActivity:
    """The activity command that a task record stands for. Raises BadMessage, WrongProtocol."""
    task = read(_tasks, content)
    wish = task.cache
    return RunActivity(
        task.execution,
        task.path,
        task.attempt,
        task.kind,
        bytes(task.config),
        bytes(task.input),
        task.workflow,
        Limits(task.timeout_ms, task.heartbeat_ms, task.report_start),
        Caching(wish.ttl_ms, None if wish.key is UNSET else bytes(wish.key)) if wish else None,
        task.queue,
        task.priority,
        task.correlation_id,
        () if task.steps is UNSET else tuple((name, bytes(output)) for name, output in task.steps.items()),
        may_have_begun,
    )


# Results.


def encode_result(worker: str, result: Result) -> bytes:
    """The record of a result."""
    return _encode(
        TopicResult(
            protocol=PROTOCOL,
            worker=worker,
            task=result.task,
            output=result.output,
            error=result.error,
            progress=result.progress,
            detail=result.detail,
            started=result.started,
            step=result.step,
            again=result.again,
        )
    )


def decode_result(content: bytes) -> TopicResult:
    """The result in a record; an end that cannot be read is the failure of its task. Raises BadMessage, WrongProtocol."""
    try:
        check_characters(content)
        return read(_topic_results, content)
    except BadMessage as error:
        members = members_of(content)
        instead = error_instead(members, error)
        if instead is UNSET:
            raise
        head = object_of({name: members[name] for name in ("protocol", "worker", "task") if name in members})
        return msgspec.structs.replace(read(_topic_results, head), error=instead)


def attempt_of(task: str) -> AttemptId:
    """What a task's id names. Raises BadMessage where it is no id."""
    execution, slash, rest = task.partition("/")
    path, at, attempt = rest.rpartition("@")
    if not (execution and slash and path and at and attempt.isascii() and attempt.isdigit()):
        raise BadMessage(f"a task is named EXECUTION/PATH@ATTEMPT, not {task[:200]!r}")
    return AttemptId(execution, path, int(attempt))


# Cancellations.


def encode_cancellation(cancelled: CancelActivity, sequence: int = SEQUENCE_MAX) -> bytes:
    """The record that tells workers to stop."""
    return _encode(Cancellation(execution=cancelled.execution, path=cancelled.path, attempt=cancelled.attempt, sequence=sequence))


def decode_cancellation(content: bytes) -> Cancellation:
    """What workers are told to stop. Raises BadMessage."""
    try:
        return _cancellations.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadMessage(f"a cancellation: {error}") from None
