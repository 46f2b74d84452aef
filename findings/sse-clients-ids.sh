#!/usr/bin/env bash
# httpx-sse 0.4.3 and sseclient-py 1.9.0: how two readers of server-sent events take a byte order mark, an id without data, and no id.
#
# Guess:   what the standard says (WHATWG HTML, 9.2.6): a leading byte order mark is passed over; a block without data is no event; the last id stays until another one comes.
# Seen:    both lose the first event after a byte order mark. httpx-sse gives an event with empty data for a block that has an id only. In sseclient-py the id does not stay: an event after one with an id has none, so whoever resumes from the id of the last event begins anew.
# Source:  the packages as published, each given the same bytes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install httpx==0.28.1 httpx-sse==0.4.3 sseclient-py==1.9.0
cat > "$folder/it.py" <<'PY'
import json

import httpx
import httpx_sse
import sseclient

BODIES = {
    "byte order mark": b"\xef\xbb\xbfdata: a\n\ndata: b\n\n",
    "id, then none": b"id: 7\ndata: a\n\ndata: b\n\n",
    "id without data": b"id: 7\n\ndata: b\n\n",
}


def by_httpx_sse(body):
    answer = lambda request: httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        with httpx_sse.connect_sse(client, "GET", "http://localhost/") as source:
            return [[event.data, event.id] for event in source.iter_sse()]


def by_sseclient(body):
    return [[event.data, event.id] for event in sseclient.SSEClient(iter([body])).events()]


for what, body in BODIES.items():
    print(what, "| httpx-sse", json.dumps(by_httpx_sse(body)), "| sseclient-py", json.dumps(by_sseclient(body)))
PY
expected='byte order mark | httpx-sse [["b", ""]] | sseclient-py [["b", null]]
id, then none | httpx-sse [["a", "7"], ["b", "7"]] | sseclient-py [["a", "7"], ["b", null]]
id without data | httpx-sse [["", "7"], ["b", "7"]] | sseclient-py [["b", null]]'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
