"""The lines of `refold debug`, and of `--break`: what each asks for."""

from __future__ import annotations

from typing import Any, Final

from contracts import values
from contracts.commands import ChangeHalted, ReleaseHalt
from contracts.debugging import HALT_MS_DEFAULT, Breakpoint, Halts, Release
from contracts.failure import Failure
from domain.expressions import parse_duration
from refold.cli.commands.output import BadInput, read_value_argument

BREAK: Final = "[failure|change] TARGET [all] [for DURATION] [if EXPRESSION]"
HELP: Final = f"""\
show                        where it halts, and what is seen there; an empty line is that, too
wait                        wait until it halts again, has ended, or waits for the outside
break NODE                  halt before a node begins: `charge`, `each[]/charge`, `*` is every one
break failure [NODE]        halt as an attempt has failed, before anything follows of that
break change VARIABLE       halt before whatever begins once a variable has another value
break {BREAK}
clear [NAME]                take breakpoints away; `breaks` lists them
use NODE                    what follows is about the halt at this node, where there are several
continue, c [NODE]          let it go on; without a node at the halt that is used
all                         let all go on that halt
over, n · into, s · out     until the next node begins: behind it, in its body or child, behind what is around it
to NODE                     until this node is to begin, once
set NAME=JSON               change a variable
data JSON                   change what the node begins with
result NODE=JSON            change what a node has given that has ended, as others read it
complete [JSON] [by PORT]   let the node not run, and give this
fail [TYPE[: MESSAGE]]      let it fail
retry                       make a failed attempt again
state                       all of it, as JSON
q, quit                     the execution stays as it is"""

RELEASES: Final[dict[str, Release]] = {
    "continue": "continue", "c": "continue", "over": "over", "n": "over", "next": "over", "into": "into", "s": "into", "out": "out",
    "retry": "retry",
}  # fmt: skip


def breakpoint_in(text: str, by: str, condition: str = "", halts: Halts = "branch") -> Breakpoint:
    """The breakpoint that a text asks for. Raises BadInput."""
    about, is_asked, asked = text.partition(" if ")
    words = about.split()
    on: Any = words.pop(0) if words and words[0] in ("failure", "change") else "begin"
    target = words.pop(0) if words and words[0] not in ("all", "for") else ""
    if (not target and on != "failure") or (is_asked and not asked.strip()):
        raise BadInput(f"expected {BREAK}, found {text[:200]!r}")
    timeout_ms = HALT_MS_DEFAULT
    while words:
        word = words.pop(0)
        if word == "all":
            halts = "all"
        elif word == "for" and words:
            timeout_ms = _milliseconds(words.pop(0))
        else:
            raise BadInput(f"expected {BREAK}, found {text[:200]!r}")
    return Breakpoint(on, "" if target == "*" else target, asked.strip() or condition, halts, timeout_ms, False, by)


def _milliseconds(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadInput(f"{text[:50]!r} is no duration: {error}") from None


def body_of(one: Breakpoint) -> dict[str, Any]:
    """The breakpoint as a server is asked for it."""
    about = {"variable": one.target} if one.on == "change" else {"node": one.target or "*", "on": one.on}
    found = {**about, "if": one.condition or None, "halts": one.halts, "timeout": f"{one.timeout_ms}ms"}
    return {name: value for name, value in found.items() if value is not None}


def change_in(word: str, rest: str, path: str, by: str) -> ChangeHalted:
    """The change that a line asks for. Raises BadInput."""
    if word == "data":
        return ChangeHalted(path, data=read_value_argument(rest, "data"), by=by)
    name, is_given, text = rest.partition("=")
    if not is_given or not name.strip():
        raise BadInput(f"expected {word} {'NAME' if word == 'set' else 'NODE'}=JSON, found {rest[:200]!r}")
    value = read_value_argument(text, name.strip())
    if word == "result":
        return ChangeHalted(path, results=((name.strip(), value),), by=by)
    return ChangeHalted(path, values.encode({name.strip(): values.decode(value)}), by=by)


def end_in(word: str, rest: str, path: str, by: str) -> ReleaseHalt:
    """How a node is to end, as a line says it. Raises BadInput."""
    if word == "fail":
        type_, _, message = rest.partition(":")
        failure = Failure(type_.strip() or "debugged", message.strip() or "a person let it fail")
        return ReleaseHalt(path, "fail", failure=failure, by=by)
    given, is_said, port = rest.rpartition(" by ") if " by " in rest else (rest, "", "")
    if not is_said and rest.startswith("by "):
        given, port = "", rest.removeprefix("by ")
    output = read_value_argument(given.strip(), "output") if given.strip() else None
    return ReleaseHalt(path, "complete", output=output, port=port.strip() or None, by=by)
