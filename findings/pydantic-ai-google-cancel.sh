#!/usr/bin/env bash
# pydantic-ai-slim 2.68.0 with google-genai 2.34.0: a stream whose reader is cancelled keeps its connection until garbage is collected.
#
# Guess:   leaving `async with model_request_stream(...)`, by a cancellation too, closes the connection: that is what the context manager is for.
# Seen:    where the reader is cancelled at its first event, the server still has the connection two seconds later, as long as no garbage is
#          collected; with the collection it is closed. Read by google-genai alone and cancelled in the middle, it is closed at once.
# Source:  the packages as published.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install "pydantic-ai-slim[google]==2.68.0" google-genai==2.34.0
cat > "$folder/cancelled.py" <<'PY'
import asyncio
import gc
import json
import sys
import warnings

warnings.simplefilter("ignore")
EVENT = "data: " + json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}}]}) + "\r\n\r\n"


async def by_google_genai(address):
    from google import genai

    client = genai.Client(api_key="none", http_options={"base_url": address})
    async for _ in await client.aio.models.generate_content_stream(model="gemini-2.5-flash", contents="Hi"):
        asyncio.current_task().cancel()


async def by_pydantic_ai(address):
    from pydantic_ai.direct import model_request_stream
    from pydantic_ai.messages import ModelRequest
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    model = GoogleModel("gemini-2.5-flash", provider=GoogleProvider(api_key="none", base_url=address))
    async with model_request_stream(model, [ModelRequest.user_text_prompt("Hi")]) as stream:
        async for _ in stream:
            asyncio.current_task().cancel()


async def is_closed(gone):
    try:
        await asyncio.wait_for(gone.wait(), 2)
    except TimeoutError:
        return "open"
    return "closed"


async def seen(ask):
    gone = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT.encode()))
        while await reader.read(1000):
            pass
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    gc.disable()
    task = asyncio.create_task(ask("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]))
    await asyncio.wait([task])
    said = ["cancelled" if task.cancelled() else repr(task.exception()), await is_closed(gone)]
    del task
    gc.enable()
    gc.collect()
    print(ask.__name__, *said, await is_closed(gone))


asyncio.run(seen(by_google_genai))
asyncio.run(seen(by_pydantic_ai))
PY
expected="by_google_genai cancelled closed closed
by_pydantic_ai cancelled open closed"
found=$("$folder/venv/bin/python" "$folder/cancelled.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
