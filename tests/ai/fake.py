"""A server that speaks the protocols of four providers as they are on the wire, and fails as they do.

What it answers is said before: one `Reply` for each request, the last one again and again. It keeps what it was asked.
"""

from __future__ import annotations

import json
import re
import select
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """A tool that the model asks for; the arguments are the text on the wire, whatever it says."""

    name: str
    arguments: str
    id: str = "call_1"


@dataclass(frozen=True)
class Reply:
    """What one request is answered by."""

    texts: tuple[str, ...] = ("Hello", " from", " the", " fake.")
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    """`stop`, `length` or `refused`."""
    tokens: tuple[int, int] = (11, 4)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: Any = None
    """The body of an answer that is no 200."""
    cut_after: int | None = None
    """The body ends well after so many texts, without end mark."""
    stall_after: int | None = None
    """After so many texts nothing more comes until `go_on` is set."""
    is_reset: bool = False
    """With `cut_after`: the connection is broken instead."""
    whole: Any = None
    """Of embeddings and rankings: the answer itself, whatever it is."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Fake:
    """The server, while it runs."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.asked: list[Asked] = []
        self.go_on = threading.Event()
        self.stalled, self.hung_up = threading.Event(), threading.Event()
        """Somebody waits; and has closed the connection."""
        self.url = ""
        self._lock = threading.Lock()

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def base(self, provider: str) -> str:
        """What `base_url` is for a provider."""
        return self.url + ("/v1" if provider in ("openai", "ollama") else "")


@contextmanager
def running_fake() -> Iterator[Fake]:
    fake = Fake()

    class Handler(_Handler):
        server_fake = fake

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            fake.go_on.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_fake: Fake

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        reply = self.server_fake.reply(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if reply.status != 200:
            self._whole(reply.status, reply.error or {"error": {"message": "as it was told", "type": "server_error"}}, reply.headers)
        elif self.path.startswith("/v1/chat/completions"):
            self._answer(reply, body.get("stream", False), openai_whole(reply, body), openai_stream(reply, body))
        elif self.path.endswith("/embeddings"):
            self._answer(reply, False, reply.whole or embeddings(reply, body), iter(()))
        elif self.path.endswith("/rerank"):
            self._answer(reply, False, reply.whole or reranked(body), iter(()))
        elif self.path.startswith("/v1/messages"):
            self._answer(reply, body.get("stream", False), anthropic_whole(reply, body), anthropic_stream(reply, body))
        else:
            self._answer(reply, "streamGenerateContent" in self.path, google_whole(reply), google_stream(reply))

    def _answer(self, reply: Reply, streams: bool, whole: Any, stream: Iterator[str]) -> None:
        if streams:
            self._stream(reply, stream)
        else:
            if reply.stall_after is not None:
                self._stall()
            self._whole(200, whole, reply.headers)

    def _whole(self, status: int, body: Any, headers: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, reply: Reply, stream: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        said = 0
        try:
            for event in stream:
                if event.startswith(TEXT):
                    if reply.stall_after == said:
                        self._stall()
                    if reply.cut_after == said:
                        break
                    said += 1
                    event = event.removeprefix(TEXT)
                self._chunk(event.encode())
            if reply.is_reset:
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.server_fake.hung_up.set()
            self.close_connection = True

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))

    def _stall(self) -> None:
        """Until it is to go on, or the other side is gone."""
        self.server_fake.stalled.set()
        while not self.server_fake.go_on.is_set():
            if select.select([self.connection], [], [], 0.01)[0] and not self.connection.recv(1):
                self.server_fake.hung_up.set()
                raise ConnectionResetError


TEXT = "\0"
"""Marks what counts as one of the texts."""


def _data(value: Any, event: str = "") -> str:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(value)}\n\n"


# OpenAI, and Ollama by its protocol.

_OPENAI_FINISH = {"stop": "stop", "length": "length", "refused": "content_filter"}


def _openai_usage(reply: Reply) -> dict[str, int]:
    return {"prompt_tokens": reply.tokens[0], "completion_tokens": reply.tokens[1], "total_tokens": sum(reply.tokens)}


def openai_whole(reply: Reply, body: dict[str, Any]) -> Any:
    calls = [{"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}} for one in reply.calls]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(reply.texts) or None}
    if calls:
        message["tool_calls"] = calls
    finish = None if reply.cut_after is not None else "tool_calls" if calls else _OPENAI_FINISH[reply.finish]
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [choice],
        "usage": _openai_usage(reply),
    }


def openai_stream(reply: Reply, body: dict[str, Any]) -> Iterator[str]:
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    for text in reply.texts:
        yield TEXT + chunk({"content": text})
    for index, one in enumerate(reply.calls):
        call = {"index": index, "id": one.id, "type": "function", "function": {"name": one.name, "arguments": ""}}
        yield chunk({"tool_calls": [call]})
        half = len(one.arguments) // 2
        for part in (one.arguments[:half], one.arguments[half:]):
            yield TEXT + chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    if reply.cut_after is not None and reply.cut_after >= len(reply.texts):
        return
    yield chunk({}, "tool_calls" if reply.calls else _OPENAI_FINISH[reply.finish])
    yield _data({**head, "choices": [], "usage": _openai_usage(reply)})
    yield "data: [DONE]\n\n"


DIMENSIONS = 64


def embeddings(reply: Reply, body: dict[str, Any]) -> Any:
    """A vector a text: how often words of each sort are in it. They come the last one first, as nobody promises an order."""
    data = [{"object": "embedding", "index": index, "embedding": _bag(text)} for index, text in enumerate(body["input"])]
    return {"object": "list", "model": body["model"], "data": data[::-1], "usage": _openai_usage(reply)}


def _bag(text: str) -> list[float]:
    found = [0.01] * DIMENSIONS
    for word in re.findall(r"[a-z]+", text.lower()):
        found[zlib.crc32(word.encode()) % DIMENSIONS] += 1.0
    return found


def reranked(body: dict[str, Any]) -> Any:
    """The more words of the question a text has, the better."""
    words = set(body["query"].lower().split())
    scores = [len(words & set(text.lower().split())) / len(words) for text in body["documents"]]
    return {"results": [{"index": index, "relevance_score": score} for index, score in enumerate(scores)], "usage": {"total_tokens": 9}}


# Anthropic.

_ANTHROPIC_FINISH = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal"}


def _arguments(one: Call) -> Any:
    try:
        return json.loads(one.arguments)
    except ValueError:
        return {}


def anthropic_whole(reply: Reply, body: dict[str, Any]) -> Any:
    content: list[Any] = [{"type": "text", "text": "".join(reply.texts)}] if reply.texts else []
    content += [{"type": "tool_use", "id": one.id, "name": one.name, "input": _arguments(one)} for one in reply.calls]
    finish = None if reply.cut_after is not None else "tool_use" if reply.calls else _ANTHROPIC_FINISH[reply.finish]
    usage = {"input_tokens": reply.tokens[0], "output_tokens": reply.tokens[1]}
    return {
        "id": "m-1", "type": "message", "role": "assistant", "model": body["model"], "content": content, "stop_reason": finish,
        "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def anthropic_stream(reply: Reply, body: dict[str, Any]) -> Iterator[str]:
    def event(type_: str, **more: Any) -> str:
        return _data({"type": type_, **more}, type_)

    message: dict[str, Any] = {
        "id": "m-1", "type": "message", "role": "assistant", "model": body.get("model"), "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": reply.tokens[0], "output_tokens": 1},
    }  # fmt: skip
    yield event("message_start", message=message)
    index = 0
    if reply.texts:
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for text in reply.texts:
            yield TEXT + event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        if reply.cut_after is not None and reply.cut_after >= len(reply.texts) and not reply.calls:
            return
        yield event("content_block_stop", index=0)
        index = 1
    for place, one in enumerate(reply.calls, index):
        block = {"type": "tool_use", "id": one.id, "name": one.name, "input": {}}
        yield event("content_block_start", index=place, content_block=block)
        yield TEXT + event("content_block_delta", index=place, delta={"type": "input_json_delta", "partial_json": one.arguments})
        yield event("content_block_stop", index=place)
    if reply.cut_after is not None:
        return
    delta = {"stop_reason": "tool_use" if reply.calls else _ANTHROPIC_FINISH[reply.finish], "stop_sequence": None}
    yield event("message_delta", delta=delta, usage={"output_tokens": reply.tokens[1]})
    yield event("message_stop")


# Google.

_GOOGLE_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "refused": "SAFETY"}


def _google(parts: list[Any], reply: Reply, finish: str | None) -> Any:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    found: dict[str, Any] = {"candidates": [candidate], "modelVersion": "gemini-fake", "responseId": "g-1"}
    if finish is not None:
        candidate["finishReason"] = finish
        tokens = {"promptTokenCount": reply.tokens[0], "candidatesTokenCount": reply.tokens[1], "totalTokenCount": sum(reply.tokens)}
        found["usageMetadata"] = tokens
    return found


def _google_calls(reply: Reply) -> list[Any]:
    return [{"functionCall": {"name": one.name, "args": _arguments(one)}} for one in reply.calls]


def google_whole(reply: Reply) -> Any:
    parts: list[Any] = [{"text": "".join(reply.texts)}] if reply.texts else []
    return _google(parts + _google_calls(reply), reply, None if reply.cut_after is not None else _GOOGLE_FINISH[reply.finish])


def google_stream(reply: Reply) -> Iterator[str]:
    for text in reply.texts:
        yield TEXT + _data(_google([{"text": text}], reply, None))
    if reply.calls:
        yield TEXT + _data(_google(_google_calls(reply), reply, None))
    if reply.cut_after is not None and reply.cut_after >= len(reply.texts):
        return
    yield _data(_google([{"text": ""}], reply, _GOOGLE_FINISH[reply.finish]))
