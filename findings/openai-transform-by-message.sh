#!/usr/bin/env bash
# openai 3.57.0: each message of a chat costs a third of a millisecond before it is sent, as the whole request is walked through by its types.
#
# Guess:   messages that are plain dicts with the names of the wire are handed to the JSON encoder: some microseconds each.
# Seen:    `create(messages=…)` looks up the declared type of every value, to rename fields that need none; a chat of 400 messages takes more
#          than ten times the CPU of the same request whose messages come in `extra_body`, and the bytes on the wire are the same.
# Source:  the package as published, `openai/_utils/_transform.py`; `extra_body` is a documented parameter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install openai==3.57.0
cat > "$folder/it.py" <<'PY'
import asyncio
import json
import time

import httpx2
from openai import AsyncOpenAI

DONE = {
    "id": "1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
}
sent = []


def answer(request):
    sent.append(json.loads(request.content))
    return httpx2.Response(200, json=DONE)


client = AsyncOpenAI(
    base_url="http://here/v1", api_key="none", http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(answer)), max_retries=0
)
call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}}
messages = [
    {"role": "assistant", "content": "x", "tool_calls": [call]} if n % 2 else {"role": "tool", "tool_call_id": "c", "content": "1"}
    for n in range(400)
]


async def took(**given):
    await client.chat.completions.create(model="m", **given)
    began = time.process_time()
    for _ in range(5):
        await client.chat.completions.create(model="m", **given)
    return time.process_time() - began


async def main():
    named = await took(messages=messages)
    beside = await took(messages=(), extra_body={"messages": messages})
    print("the same on the wire:", sent[0] == sent[-1])
    print("more than five times the CPU:", named > 5 * beside)


asyncio.run(main())
PY
expected='the same on the wire: True
more than five times the CPU: True'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
