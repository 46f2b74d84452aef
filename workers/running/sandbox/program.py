"""The program inside the process sandbox: it limits itself, runs a user's source and answers with one JSON object.

It is handed to a fresh `python -I -S` as text and uses the standard library only. The request comes by standard input,
the answer leaves by the descriptor that was standard output; what the user's code prints is kept apart.
"""

from __future__ import annotations

import ast
import inspect
import io
import json
import os
import resource
import sys
import traceback
from typing import Any

FILE = "<code>"
INTERPRETER_BYTES = 64 * 1024 * 1024


class Printed(io.TextIOBase):
    """What the code prints, up to a length."""

    def __init__(self, chars_max: int) -> None:
        self.parts: list[str] = []
        self.chars_left = chars_max

    def write(self, text: str) -> int:
        """Keep the text, as far as there is room."""
        if self.chars_left > 0:
            self.parts.append(str(text)[: self.chars_left])
            self.chars_left -= len(self.parts[-1])
        return len(text)


def limit(request: dict[str, Any]) -> None:
    """Set the limits of this process; nothing can raise them again."""
    memory = request["memory_mb"] * 1024 * 1024 + INTERPRETER_BYTES
    seconds = int(request["timeout_s"]) + 2
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: request["processes_max"],
        resource.RLIMIT_FSIZE: request["output_bytes_max"] * 6 + 1024 * 1024,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def evaluate(source: str, data: Any) -> Any:
    """Run the source and give its result: `main(input)`, else the last expression's value, else the variable `result`."""
    names: dict[str, Any] = {"__name__": "__code__", "input": data, "data": data}
    tree = ast.parse(source, FILE)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, FILE, "exec"), names)
        value = None
    else:
        tree.body.pop()
        exec(compile(tree, FILE, "exec"), names)
        value = eval(compile(ast.Expression(last.value), FILE, "eval"), names)
    main = names.get("main")
    if inspect.isfunction(main):
        return finish(main(names.get("input")))
    return finish(value) if value is not None else names.get("result")


def finish(value: Any) -> Any:
    """The value itself, or what a coroutine gives."""
    if not inspect.iscoroutine(value):
        return value
    import asyncio

    return asyncio.run(value)


def tell(error: BaseException) -> dict[str, Any]:
    """The error as the answer carries it: its kind, its message and the innermost line of the source."""
    if isinstance(error, SyntaxError) and error.filename == FILE:
        return {"type": "code.syntax", "message": error.msg, "line": error.lineno}
    if isinstance(error, MemoryError):
        return {"type": "code.memory", "message": "", "line": None}
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    return {"type": type(error).__name__, "message": str(error)[:4000] or type(error).__name__, "line": lines[-1] if lines else None}


def refuse(error: Exception, digits_max: int) -> dict[str, Any]:
    """Why the result cannot be an answer, as the answer carries it."""
    if isinstance(error, UnicodeEncodeError):
        said = "the result holds half a character, which is no text"
    elif "set_int_max_str_digits" in str(error):
        said = f"the result holds a longer number than one of at most {digits_max:,} digits; give it as a text"
    else:
        said = f"the result is not JSON: {error}"
    return {"type": "output.invalid", "message": said, "line": None}


def answer(request: dict[str, Any]) -> bytes:
    """The JSON of the result or of the error."""
    try:
        value = evaluate(request["source"], request["input"])
        try:
            output = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, TypeError, RecursionError) as error:
            return json.dumps({"error": refuse(error, request["digits_max"])}).encode()
    except BaseException as error:
        told = tell(error)
        error.__traceback__ = None
        return json.dumps({"error": told}).encode()
    if len(output) > request["output_bytes_max"] * 6:
        return json.dumps({"error": {"type": "code.output_too_large", "message": "", "line": None}}).encode()
    return b'{"output":%s}' % output


def main() -> None:
    """Read the request, run it, write the answer, and leave without waiting for threads."""
    request = json.load(sys.stdin)
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    printed = Printed(request["printed_chars_max"])
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), printed, printed
    limit(request)
    text = answer(request) + b"\n" + json.dumps("".join(printed.parts)).encode()
    while text:
        text = text[os.write(channel, text) :]
    os._exit(0)


if __name__ == "__main__":
    main()
