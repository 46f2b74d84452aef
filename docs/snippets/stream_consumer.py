"""Hears public events of a server: python stream_consumer.py URL"""

import contextlib
import json
import sys
import time
import urllib.request

server = sys.argv[1]
last = "0"  # from the beginning
while True:
    request = urllib.request.Request(f"{server}/v1/events", headers={"Last-Event-ID": last})
    with contextlib.suppress(OSError), urllib.request.urlopen(request) as stream:
        fields: dict[str, str] = {}
        for line in stream:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = value
                continue
            last = fields.get("id", last)
            if "id" in fields and "event" not in fields:
                event = json.loads(fields["data"])
                print(event["id"], event["type"], event["workflow"], flush=True)
            fields = {}
    time.sleep(1)
