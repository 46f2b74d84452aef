#!/usr/bin/env bash
# jsonschema-rs 0.60.3: iter_errors gives an iterator, but makes all errors before it gives the first one.
#
# Guess:   next(validator.iter_errors(value)) costs one error, as in the package jsonschema, whose iter_errors is a generator.
# Seen:    the first of 50,000 errors costs more than a hundred times the first of one; in jsonschema 4.26.0 less than twenty times.
# Source:  the packages as published; the figures are ratios within one run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install jsonschema-rs==0.60.3 jsonschema==4.26.0
cat > "$folder/first.py" <<'PY'
import time

import jsonschema
import jsonschema_rs

SCHEMA = {"items": {"type": "string"}}


def first(validator, items):
    value = list(range(items))
    began = time.process_time()
    next(iter(validator.iter_errors(value)))
    return time.process_time() - began


def ratio(validator):
    """How much more the first of 50,000 errors costs than the first of one; the best of five."""
    return min(first(validator, 50_000) for _ in range(5)) / min(first(validator, 1) for _ in range(5))


rust, python = ratio(jsonschema_rs.Draft202012Validator(SCHEMA)), ratio(jsonschema.Draft202012Validator(SCHEMA))
print(f"jsonschema-rs: {rust:.0f} times, jsonschema: {python:.0f} times")
raise SystemExit(not (rust > 100 and python < 20))
PY
"$folder/venv/bin/python" "$folder/first.py" || { echo "changed"; exit 1; }
echo "as described"
