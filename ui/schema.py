"""Writes `ui/src/api/schema.d.ts`: the types of the HTTP API, from its own description. `make clients` runs it.

Every error has one shape (`ui/src/api/problem.ts`), so what an operation refuses is left out, and titles and examples are, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, cast

from api.app import make_app
from api.sites import Sites

UI: Final = Path(__file__).resolve().parent
FILE: Final = UI / "src" / "api" / "schema.d.ts"
_WRITER: Final = UI / "types"
_LEFT_OUT: Final = ("example", "examples")
_HEAD: Final = "// The types of the HTTP API, written by `make clients`. Change nothing here.\n"


def description() -> dict[str, Any]:
    """What the server says of itself, as far as the types need it."""
    gate: Any = make_app(cast(Any, object()), Sites("127.0.0.1"), task_endpoint=cast(Any, object()))
    document = gate.app.openapi()
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = {status: one for status, one in operation["responses"].items() if status[0] == "2"}
            operation.pop("summary", None)
    return cast("dict[str, Any]", _plain(document))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if name not in _LEFT_OUT and not (name == "title" and isinstance(inner, str))}
        return {name: _plain(inner) for name, inner in kept.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def types(node: Path) -> str:
    """The types, as the file should have them; by the Node.js that the UI is built with."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.json").write_text(json.dumps(description(), sort_keys=True))
        words = [node, _WRITER / "node_modules/openapi-typescript/bin/cli.js", "openapi.json", "--output", "schema.d.ts"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
        if done.returncode:
            raise SystemExit(f"the types of the UI could not be written: {done.stdout}{done.stderr}")
        return _HEAD + (Path(folder) / "schema.d.ts").read_text()


def main() -> int:
    """Write the file."""
    sys.path.insert(0, str(UI))
    import build

    try:
        written = types(build.install(_WRITER))
    except build.CannotBuild as error:
        print(f"the types of the web UI are not written: {error}", file=sys.stderr)
        return 1
    FILE.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
