#!/usr/bin/env bash
# SpiffWorkflow 3.2.0: data of a workflow with a key `typename` comes back as something else, or cannot be read back.
#
# Guess:   task data that is plain JSON is stored and read back as it is; a datetime and a date are treated alike.
# Seen:    a map with `typename` and `value` comes back as a datetime; one with an unknown `typename` is stored and raises TypeError when it is read. A datetime, a timedelta and a UUID can be stored; a date, a set and a Decimal cannot.
# Source:  the default registry of `BpmnWorkflowSerializer` as published.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install SpiffWorkflow==3.2.0
cat > "$folder/it.py" <<'PY'
import datetime
import decimal
import json
import uuid

from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

registry = BpmnWorkflowSerializer().registry
values = {
    "a map with typename and value": {"typename": "datetime", "value": "2026-01-01T00:00:00"},
    "a map with another typename": {"typename": "invoice"},
    "datetime": datetime.datetime(2026, 1, 1),
    "timedelta": datetime.timedelta(1),
    "uuid": uuid.UUID(int=1),
    "date": datetime.date(2026, 1, 1),
    "set": {1},
    "decimal": decimal.Decimal("1.1"),
}
for name, value in values.items():
    try:
        stored = json.dumps(registry.convert(value))
    except TypeError:
        print(name, "| not stored")
        continue
    try:
        print(name, "| stored, comes back as", type(registry.restore(json.loads(stored))).__name__)
    except TypeError:
        print(name, "| stored, TypeError when read")
PY
expected='a map with typename and value | stored, comes back as datetime
a map with another typename | stored, TypeError when read
datetime | stored, comes back as datetime
timedelta | stored, comes back as timedelta
uuid | stored, comes back as UUID
date | not stored
set | not stored
decimal | not stored'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
