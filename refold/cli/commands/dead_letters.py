"""`dead-letters …`: what nobody could read or be given, and what is done about it."""

from __future__ import annotations

from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.output import OK, BadInput, say, say_json, table, to_the_second
from refold.cli.commands.progress import Progress
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where


def list_letters(where: Where, state: str, topic: str | None, limit: int, as_json: bool) -> int:
    """The letters of a state, the last one first."""
    found = target_of(where).dead_letters(state, topic, limit)
    if as_json:
        say_json(found)
    elif found["dead_letters"]:
        table(("LETTER", "STATE", "BURIED", "FROM", "SIZE", "WHY"), [_line(one) for one in found["dead_letters"]])
        if found["next"] is not None:
            say(f"there are more; {found['open']} are open in all")
    else:
        say("no dead letters" if state == "all" else f"no dead letters are {state}")
    return OK


def _line(letter: Value) -> tuple[str, ...]:
    when = to_the_second(letter["recorded_at"])
    return (str(letter["letter"]), letter["state"], when, letter["origin"], str(letter["size"]), letter["reason"])


def show(where: Where, number: int, as_json: bool) -> int:
    """A letter with all that is in it."""
    return _say(target_of(where).dead_letter(number), as_json)


def _say(letter: Value, as_json: bool) -> int:
    if as_json:
        say_json(letter)
        return OK
    for name, value in (
        ("letter", f"{letter['letter']}, {letter['state']}"),
        ("buried", letter["recorded_at"]),
        ("from", letter["origin"]),
        ("why", letter["reason"]),
        ("sending", letter["sending"]),
    ):
        say(f"{name:<9}{value}")
    for act in letter["acts"]:
        why = f": {act['reason']}" if act["reason"] else ""
        say(f"{act['act']:<9}{act['at']} by {act['actor'] or 'the engine'}{why}")
    say(f"content ({letter['form']}, {letter['size']} bytes):")
    if letter["form"] in ("command", "json"):
        say_json(letter["content"])
    else:
        say(letter["content"])
    return OK


def send(where: Where, number: int, reason: str, as_json: bool) -> int:
    """Send a letter again."""
    with interruptible() as interrupt, target_of(where).act(Progress(), interrupt, must_exist=True) as session:
        letter = session.send_letter(number, reason)
    if as_json:
        return _say(letter, as_json)
    say(f"dead letter {number} is sent: {letter['sending']}")
    return OK


def drop(where: Where, number: int, reason: str, as_json: bool) -> int:
    """Drop a letter."""
    if not reason.strip():
        raise BadInput("--reason: expected why it is dropped, found nothing: somebody will want to know")
    with interruptible() as interrupt, target_of(where).act(Progress(), interrupt, must_exist=True) as session:
        letter = session.drop_letter(number, reason)
    if as_json:
        return _say(letter, as_json)
    say(f"dead letter {number} is dropped: {reason}")
    return OK
