"""A stand-in for Slack in a process of its own: it checks what the real Web API checks, keeps what it takes, and signs callbacks.

Of the real one are: forms as bodies (`users.info` takes no JSON), the token, channels by name or id, Slack's limits for blocks, and
errors as `ok: false` with status 200. `POST /next` says what becomes of the next call of a method; `GET /calls` shows all that came.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

TOKEN, SIGNING = "xoxb-right", "s" * 32
CHANNELS = {"#finance": "C0FINANCE", "#general": "C0GENERAL", "C0FINANCE": "C0FINANCE", "U0ADA": "D0ADA"}
USERS: dict[str, dict[str, Any]] = {
    "U0ADA": {"team_id": "T0", "profile": {"email": "ada@example.com"}, "is_email_confirmed": True},
    "U0BOB": {"team_id": "T0", "profile": {"email": "bob@example.com"}},
    "U0EVE": {"team_id": "T9", "profile": {"email": "ada@example.com"}},
    "U0NIL": {"team_id": "T0", "profile": {}},
    "U0BOT": {"team_id": "T0", "is_bot": True, "profile": {"email": "ada@example.com"}},
    "U0NEW": {"team_id": "T0", "is_email_confirmed": False, "profile": {"email": "ada@example.com"}},
}
GROUPS = [{"handle": "finance", "users": ["U0ADA"]}, {"handle": "sales", "users": ["U0BOB"]}]


class State:
    """What came, and what is said next."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.calls: list[list[Any]] = []
        self.next: dict[str, list[Any]] = {}
        self.messages: dict[tuple[str, str], Any] = {}
        self.held, self.go_on = threading.Event(), threading.Event()


def check_text(text: Any, most: int) -> None:
    assert text["type"] in ("plain_text", "mrkdwn"), text
    assert 1 <= len(text["text"].encode("utf-16-le")) // 2 <= most, f"a text of {len(text['text'])} of at most {most}"


def check_element(one: dict[str, Any]) -> None:
    assert 1 <= len(one["action_id"]) <= 255, "action_id"
    match one["type"]:
        case "button":
            check_text(one["text"], 75)
            assert len(one["value"]) <= 2_000, "value"
        case "static_select" | "checkboxes":
            assert 1 <= len(one["options"]) <= (100 if one["type"] == "static_select" else 10), "options"
            for option in one["options"]:
                check_text(option["text"], 75)
                assert len(option["value"]) <= 150, "value"
        case "plain_text_input":
            assert len(one.get("initial_value", "").encode("utf-16-le")) // 2 <= one["max_length"] <= 3_000, "initial_value"
        case other:
            raise AssertionError(f"unknown element {other}")


def check_blocks(blocks: list[dict[str, Any]], most: int) -> None:
    assert 1 <= len(blocks) <= most, f"{len(blocks)} blocks"
    ids = [one["block_id"] for one in blocks if "block_id" in one]
    assert len(ids) == len(set(ids)), "block_id twice"
    assert all(len(one) <= 255 for one in ids), "block_id"
    actions = [one["action_id"] for block in blocks for one in block.get("elements", ()) if block["type"] == "actions"]
    assert len(actions) == len(set(actions)), "action_id twice"
    for block in blocks:
        match block["type"]:
            case "section":
                check_text(block["text"], 3_000)
            case "context":
                assert 1 <= len(block["elements"]) <= 10, "context"
                for one in block["elements"]:
                    check_text(one, 3_000)
            case "actions":
                assert 1 <= len(block["elements"]) <= 25, "actions"
                for one in block["elements"]:
                    check_element(one)
            case "input":
                check_text(block["label"], 2_000)
                if "hint" in block:
                    check_text(block["hint"], 2_000)
                check_element(block["element"])
            case other:
                raise AssertionError(f"unknown block {other}")


class Handler(BaseHTTPRequestHandler):
    state: State
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        if self.path == "/held":
            self.state.held.wait(60)
        with self.state.lock:
            self.say(200, self.state.calls)

    def do_POST(self) -> None:
        body, state = self.rfile.read(int(self.headers["content-length"])), self.state
        if self.path == "/next":
            with state.lock:
                for method, answers in json.loads(body).items():
                    state.next.setdefault(method, []).extend(answers)
            return self.say(200, {})
        if self.path == "/go":
            state.go_on.set()
            return self.say(200, {})
        method = self.path.removeprefix("/api/")
        if not self.headers["content-type"].startswith("application/x-www-form-urlencoded"):
            return self.say(200, {"ok": False, "error": "invalid_form_data"})
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            return self.say(200, {"ok": False, "error": "invalid_auth"})
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        said = (state.next.get(method) or [None]).pop(0) if state.next.get(method) else None
        if isinstance(said, list):
            return self.say(said[0], said[1], dict(said[2]))
        if isinstance(said, str) and said not in ("cut", "hold"):
            return self.say(200, {"ok": False, "error": said})
        answer = self.answered(method, given)
        with state.lock:
            state.calls.append([method, given, answer])
        if said == "cut":
            self.close_connection = True
            self.connection.shutdown(2)
            return None
        if said == "hold":
            state.held.set()
            state.go_on.wait(60)
            state.held.clear()
            state.go_on.clear()
        return self.say(200, answer)

    def answered(self, method: str, given: dict[str, str]) -> dict[str, Any]:
        try:
            found: dict[str, Any] = getattr(self, method.replace(".", "_"))(given)
            return found
        except AssertionError as error:
            word = "invalid_arguments" if method == "views.open" else "invalid_blocks"
            return {"ok": False, "error": word, "response_metadata": {"messages": [f"[ERROR] {error}"]}}

    def chat_postMessage(self, given: dict[str, str]) -> dict[str, Any]:
        channel = CHANNELS.get(given["channel"], given["channel"] if given["channel"] in CHANNELS.values() else None)
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if not given.get("text"):
            return {"ok": False, "error": "no_text"}
        if "blocks" in given:
            check_blocks(json.loads(given["blocks"]), 50)
        if "thread_ts" in given and (channel, given["thread_ts"]) not in self.state.messages:
            return {"ok": False, "error": "thread_not_found"}
        with self.state.lock:
            ts = f"1764489600.{len(self.state.messages):06}"
            self.state.messages[channel, ts] = given
        return {"ok": True, "channel": channel, "ts": ts}

    def chat_update(self, given: dict[str, str]) -> dict[str, Any]:
        if (given["channel"], given["ts"]) not in self.state.messages:
            return {"ok": False, "error": "message_not_found"}
        check_blocks(json.loads(given["blocks"]), 50)
        return {"ok": True, "channel": given["channel"], "ts": given["ts"]}

    def chat_postEphemeral(self, given: dict[str, str]) -> dict[str, Any]:
        known = given["channel"] in CHANNELS.values() and given["user"] in USERS and given["text"]
        return {"ok": True} if known else {"ok": False, "error": "channel_not_found"}

    def users_info(self, given: dict[str, str]) -> dict[str, Any]:
        found = USERS.get(given["user"])
        return {"ok": False, "error": "user_not_found"} if found is None else {"ok": True, "user": {"id": given["user"], **found}}

    def usergroups_list(self, given: dict[str, str]) -> dict[str, Any]:
        assert given["include_users"] == "true"
        return {"ok": True, "usergroups": GROUPS}

    def views_open(self, given: dict[str, str]) -> dict[str, Any]:
        view = json.loads(given["view"])
        assert given["trigger_id"], "trigger_id"
        assert len(view["private_metadata"]) <= 3_000, "private_metadata"
        assert len(view["callback_id"]) <= 255, "callback_id"
        for name in ("title", "submit", "close"):
            check_text(view[name], 24)
        check_blocks(view["blocks"], 100)
        return {"ok": True, "view": {**view, "id": f"V{len(self.state.calls)}"}}

    def say(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, one in {"content-type": "application/json", "content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, one)
        self.end_headers()
        self.wfile.write(content)


class SlackServer:
    """Starts it, asks it, and presses buttons as it would."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.base = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def __enter__(self) -> SlackServer:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    @property
    def url(self) -> str:
        return f"{self.base}/api"

    @property
    def settings(self) -> dict[str, Any]:
        return {"slack_url": self.url, "slack_token": "slack", "slack_signing": "slack-signing"}

    def next(self, **answers: Any) -> None:
        """What becomes of the next calls of methods: an error, `cut`, `hold`, or a status with a body and headers."""
        said = {name.replace("_", "."): one for name, one in answers.items()}
        urllib.request.urlopen(urllib.request.Request(f"{self.base}/next", json.dumps(said).encode()), timeout=60).close()

    def calls(self, method: str = "", path: str = "/calls") -> list[Any]:
        with urllib.request.urlopen(self.base + path, timeout=90) as answer:
            return [one for one in json.loads(answer.read()) if method in ("", one[0])]

    def wait_held(self) -> None:
        """Until a call is taken and not answered."""
        self.calls(path="/held")

    def go_on(self) -> None:
        """Answer it."""
        urllib.request.urlopen(urllib.request.Request(f"{self.base}/go", b""), timeout=60).close()

    def wait(self, method: str, count: int) -> list[Any]:
        """The calls of a method, once there are so many."""
        deadline = time.monotonic() + 60
        while len(found := self.calls(method)) < count:
            assert time.monotonic() < deadline, self.calls()
        return found


def signed(payload: Any, at: float, secret: str = SIGNING) -> tuple[bytes, dict[str, str]]:
    """A callback as Slack sends it."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    proof = hmac.digest(secret.encode(), f"v0:{int(at)}:".encode() + body, hashlib.sha256).hex()
    head = {"X-Slack-Request-Timestamp": str(int(at)), "X-Slack-Signature": f"v0={proof}"}
    return body, {"Content-Type": "application/x-www-form-urlencoded", **head}


def press(call: Any, label: str, user: str = "U0ADA") -> dict[str, Any]:
    """What Slack sends when somebody presses a button of a message that was posted."""
    _, given, answer = call
    buttons = [one for block in json.loads(given["blocks"]) if block["type"] == "actions" for one in block["elements"]]
    button = next(one for one in buttons if one["text"]["text"] == label)
    action = {"type": "button", "action_id": button["action_id"], "value": button["value"]}
    place = {"type": "message", "channel_id": answer["channel"], "message_ts": answer["ts"]}
    who = {"user": {"id": user}, "team": {"id": "T0"}}
    return {"type": "block_actions", **who, "trigger_id": "1.2.3", "container": place, "actions": [action]}


def submit(view: dict[str, Any], /, *, by: str = "U0ADA", **values: Any) -> dict[str, Any]:
    """What Slack sends when somebody has filled a modal in: values by labels."""
    blocks = {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}
    state: dict[str, Any] = {}
    for label, block in blocks.items():
        kind, given = block["element"]["type"], values.get(label)
        known: dict[str, dict[str, Any]] = {
            "plain_text_input": {"value": given},
            "static_select": {"selected_option": None if given is None else {"value": given}},
            "checkboxes": {"selected_options": [{"value": "on"}] if given else []},
        }
        state[block["block_id"]] = {block["element"]["action_id"]: {"type": kind, **known[kind]}}
    kept = {name: view[name] for name in ("id", "private_metadata", "callback_id")}
    return {"type": "view_submission", "user": {"id": by}, "team": {"id": "T0"}, "view": {**kept, "state": {"values": state}}}


if __name__ == "__main__":
    Handler.state = State()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
