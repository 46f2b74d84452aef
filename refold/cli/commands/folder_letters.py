"""The dead letters of a data folder: looked at beside whoever holds it, sent again and dropped by an engine that holds it."""

from __future__ import annotations

from contracts.caller import Caller
from contracts.errors import LogError, Rejected
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.values import decode, encode
from infra.server.engine import Engine
from projections.dead_letters import STATES, Letter, again, letter_value
from refold.cli.commands.target import Value
from workers.tasks.dead_letters import DEAD_LETTERS
from workers.tasks.letter_box import LetterBox


def letters_at(log: Log, clock: Clock, state: str, topic: str | None, limit: int) -> Value:
    """The letters of a state: `{dead_letters, next, open}`."""
    box = LetterBox(log, clock)
    wanted = next((one for one in STATES if one == state), None)
    found, go_on = box.page(wanted, topic, None, limit)
    return {"dead_letters": [_value(box, one, is_whole=False) for one in found], "next": go_on, "open": box.open}


def letter_at(log: Log, clock: Clock, number: int) -> Value:
    """A letter with all that is in it."""
    box = LetterBox(log, clock)
    return _value(box, box.find(number))


def send_letter(engine: Engine, log: Log, number: int, reason: str, caller: Caller) -> Value:
    """Give the command in a letter to its execution. Raises Rejected where there is none, or it is refused once more."""
    box = LetterBox(log, engine.clock)
    letter = box.find(number)
    meaning = again(letter.letter, box.content_bytes_max)
    if meaning.envelope is None:
        says = meaning.says if not meaning.is_possible else f"on one machine no topic {meaning.topic} is read; drop it, with a reason"
        raise Rejected("not_to_be_sent", f"dead letter {number}: {says}", letter=number)
    _act(box, log, number, "sending", reason, caller)
    try:
        engine.ask(meaning.envelope.execution, meaning.envelope.command, caller)
    except Rejected as refused:
        _act(box, log, number, "failed", str(refused), caller)
        raise
    return _value(box, _act(box, log, number, "sent", reason, caller))


def drop_letter(engine: Engine, log: Log, number: int, reason: str, caller: Caller) -> Value:
    """Nobody needs to look at a letter any more."""
    box = LetterBox(log, engine.clock)
    return _value(box, _act(box, log, number, "dropped", reason, caller))


def _act(box: LetterBox, log: Log, number: int, act: str, reason: str, caller: Caller) -> Letter:
    answer = log.append(DEAD_LETTERS, {0: [box.next_act(number, act, reason, caller)]})[0]
    if isinstance(answer, LogError):
        raise answer
    return box.settle(number, answer)


def _value(box: LetterBox, letter: Letter, is_whole: bool = True) -> Value:
    """As a server tells it."""
    value: Value = decode(encode(letter_value(letter, box.content_bytes_max, is_whole)))
    return value
