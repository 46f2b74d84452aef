#!/usr/bin/env bash
# zstandard 0.25.0 (python-zstandard): of two frames one after the other, two of its ways to read give the first one only.
#
# Guess:   a file of several Zstandard frames, as it is made by appending, is read whole in every way, or in none, or by a switch that all have.
# Seen:    `ZstdDecompressor.decompress` and `read_to_iter` end after the first frame, without a word; `stream_reader`, `copy_stream` and `zstandard.open` go on to the end.
# Source:  the package as published; RFC 8878 section 3 says that frames may follow each other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install zstandard==0.25.0
cat > "$folder/it.py" <<'PY'
import io

import zstandard

both = zstandard.compress(b"one,") + zstandard.compress(b"two")
reader = zstandard.ZstdDecompressor


def copied():
    out = io.BytesIO()
    reader().copy_stream(io.BytesIO(both), out)
    return out.getvalue()


print("decompress   ", reader().decompress(both).decode())
print("read_to_iter ", b"".join(reader().read_to_iter(both)).decode())
print("stream_reader", reader().stream_reader(io.BytesIO(both)).read().decode())
print("copy_stream  ", copied().decode())
print("open         ", zstandard.open(io.BytesIO(both), "rb").read().decode())
PY
expected='decompress    one,
read_to_iter  one,
stream_reader one,two
copy_stream   one,two
open          one,two'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
