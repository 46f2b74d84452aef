"""Writes `refold/client/operations.py` and `async_operations.py`: the methods of both clients for operations declared with `client`.

`refold/client` stands alone and may not import the engine, so what it needs is written out: `make clients`.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from fastapi.params import Query
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from api.operations import OPERATIONS
from api.operations.operation import ClientMethod, Operation
from api.routes import SUPPLIED

_FOLDER: Final = Path(__file__).parents[1] / "refold" / "client"
FILES: Final = (_FOLDER / "operations.py", _FOLDER / "async_operations.py")
"""For the blocking client, and for the one on the event loop."""
_RENAMED: Final = {"execution": "execution_id"}
"""What a client says for a parameter of a path."""
_HEAD: Final = '''"""What is asked with one request and answered with one value: {says} Written by `make clients`.

Change nothing here: each method comes of an operation that is declared in `api/operations` with `client`.
"""

from __future__ import annotations

from typing import Any{final}

from refold.client.requests import Ask, Rows, asked, part
'''
_COMMANDS: Final = '''
METHODS: Final = {{
{commands}}}
"""The methods that give an execution a command, by the names of the commands."""
'''
_CLASS: Final = '''

class {name}:
    """{says}"""

    {define} _ask(self, request: Ask) -> Any:
        raise NotImplementedError
'''
_METHOD: Final = '''
    {define} {name}({parameters}) -> {gives}:
        """{says}"""
        answer: {gives} = {answered}
        return answer
'''


class _Parameter(NamedTuple):
    """A parameter of a method: where it stands in the request, its name there and here, its type, and its default, if any."""

    place: str
    name: str
    here: str
    type: str
    default: str


def written() -> dict[Path, str]:
    """The texts of the files."""
    methods = [(one, one.client) for one in OPERATIONS if one.client is not None]
    commands = "".join(f'    "{one.command.__name__}": "{method.name}",\n' for one, method in methods if one.command is not None)
    says = "for the blocking client.", "for the client on the event loop."
    texts = (
        _HEAD.format(says=says[0], final=", Final")
        + _COMMANDS.format(commands=commands)
        + _class("Operations", says[0], "def", "", methods),
        _HEAD.format(says=says[1], final="") + _class("AsyncOperations", says[1], "async def", "await ", methods),
    )
    return {file: _formatted(file, text) for file, text in zip(FILES, texts, strict=True)}


def _formatted(file: Path, text: str) -> str:
    """The text with its lines broken as everywhere."""
    ruff = str(Path(sys.executable).parent / "ruff")
    done = subprocess.run(
        [ruff, "format", "--quiet", "--stdin-filename", str(file), "-"], input=text, capture_output=True, text=True, check=True
    )
    return str(done.stdout)


def _class(name: str, says: str, define: str, await_: str, methods: list[tuple[Operation, ClientMethod]]) -> str:
    return _CLASS.format(name=name, says=says.capitalize(), define=define) + "".join(_method(*one, define, await_) for one in methods)


def _method(operation: Operation, method: ClientMethod, define: str, await_: str) -> str:
    parameters = list(_parameters(operation))
    asked = f"{await_}self._ask({_call(operation, parameters)})"
    return _METHOD.format(
        define=define,
        name=method.name,
        parameters=", ".join(["self", *(_declared(one) for one in parameters)]),
        gives="Rows" if method.gives else "dict[str, Any]",
        says=method.says or inspect.cleandoc(operation.do.__doc__ or "").partition("\n")[0],
        answered=f'({asked})["{method.gives}"]' if await_ and method.gives else asked + (f'["{method.gives}"]' if method.gives else ""),
    )


def _declared(one: _Parameter) -> str:
    return f"{one.here}: {one.type}" + (f" = {one.default}" if one.default else "")


def _call(operation: Operation, parameters: list[_Parameter]) -> str:
    """The request: the path with its parameters, the fields of the body and of the query that are not as they are without them."""
    path = operation.path
    for one in parameters:
        said = one.here if one.type == "int" else f"part({one.here})"
        path = path.replace(f"{{{one.name}}}", f"{{{said}}}") if one.place == "path" else path
    words = [f'"{operation.method}"', f'{"f" if "{" in path else ""}"{path}"']
    for place in ("body", "query"):
        fields = ", ".join(f'"{one.name}": {one.here}' for one in parameters if one.place == place)
        words += [f"{place}={{{fields}}}"] if fields else []
    words += ["is_keyed=True"] if operation.client is not None and operation.client.is_keyed else []
    return f"asked({', '.join(words)})"


def _parameters(operation: Operation) -> Iterator[_Parameter]:
    """Those of the path, the fields of the body, those of the query; what must be said comes first."""
    found = list(_found(operation))
    yield from (one for one in found if not one.default)
    yield from (one for one in found if one.default)


def _found(operation: Operation) -> Iterator[_Parameter]:
    for name, one in inspect.signature(operation.do, eval_str=True).parameters.items():
        if name not in SUPPLIED and f"{{{name}}}" in operation.path:
            yield _Parameter("path", name, _RENAMED.get(name, name), _type(one.annotation.__origin__), "")
    for name, field in (operation.takes.model_fields if operation.takes is not None else {}).items():
        yield _Parameter("body", name, name, _type(field.annotation), _default(field.default))
    for name, one in inspect.signature(operation.do, eval_str=True).parameters.items():
        query = next((part for part in getattr(one.annotation, "__metadata__", ()) if isinstance(part, Query)), None)
        if query is not None:
            yield _Parameter("query", query.alias or name, name, _type(one.annotation.__origin__), _default(one.default))


def _default(value: Any) -> str:
    if value is PydanticUndefined or value is inspect.Parameter.empty:
        return ""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "str"
    if annotation == datetime | None:
        return "str | None"
    if get_origin(annotation) is UnionType:
        return " | ".join("None" if one is type(None) else _type(one) for one in get_args(annotation))
    if get_origin(annotation) is list:
        return f"list[{_type(get_args(annotation)[0])}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "dict[str, Any]"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text)
