"""Operations on dead letters: what nobody could read or be given is looked at, sent again, or dropped with a reason."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path, Query

from api import table_models as models
from api.bodies import ReasonBody
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from projections.dead_letters import Letter, letter_value

NUMBER_MAX: Final = 2**53

Number = Annotated[int, Path(ge=0, le=NUMBER_MAX, description="the number of a dead letter", examples=[0])]
Wanted = Annotated[Literal["open", "sending", "sent", "dropped", "all"], Query(description="only of this state; `open` waits for somebody")]


async def list_dead_letters(
    service: Service,
    state: Wanted = "open",
    topic: Annotated[str | None, Query(max_length=249, description="only from this topic")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[int | None, Query(ge=0, le=NUMBER_MAX, description="`next` of the page before")] = None,
) -> Reply:
    """What nobody could read or be given, the last one first. A page may be short: go on while there is a `next`."""
    found, go_on, open_ = await service.letters.page(None if state == "all" else state, topic, cursor, limit)
    bytes_max = service.letters.content_bytes_max
    return Reply({"dead_letters": [letter_value(one, bytes_max, is_whole=False) for one in found], "next": go_on, "open": open_})


async def get_dead_letter(service: Service, letter: Number) -> Reply:
    """A dead letter with all that is in it."""
    return _shown(service, await service.letters.find(letter))


async def send_dead_letter(caller: Caller, service: Service, letter: Number, body: Body) -> Reply:
    """Send it again: a command is given to its execution, a record goes back into its topic. Whoever is first sends it, once."""
    said = body.read(ReasonBody)
    return _shown(service, await service.letters.send(letter, said.reason, caller))


async def drop_dead_letter(caller: Caller, service: Service, letter: Number, body: Body) -> Reply:
    """Nobody needs to look at it any more. Its bytes stay where they are."""
    said = body.read(ReasonBody)
    if not said.reason.strip():
        raise BadRequest(422, "request.invalid", "/reason: expected why it is dropped, found nothing: somebody will want to know")
    return _shown(service, await service.letters.drop(letter, said.reason, caller))


def _shown(service: Service, letter: Letter) -> Reply:
    return Reply(letter_value(letter, service.letters.content_bytes_max))


DEAD_LETTERS: Final = (
    Operation(
        method="GET", path="/v1/dead-letters", tag="dead letters", right="read", do=list_dead_letters, answer=models.DeadLetters,
        client=ClientMethod("dead_letters", says="What nobody could read or be given, the last one first: `{dead_letters, next, open}`."),
    ),
    Operation(
        method="GET", path="/v1/dead-letters/{letter}", tag="dead letters", right="read", do=get_dead_letter, answer=models.DeadLetter,
        problems=(404,), client=ClientMethod("dead_letter"),
    ),
    Operation(
        method="POST", path="/v1/dead-letters/{letter}/send", tag="dead letters", right="steer", do=send_dead_letter,
        answer=models.DeadLetter, takes=models.SendRequest, problems=(404, 409, 415),
        client=ClientMethod("send_dead_letter", says="Send a dead letter again; one that was sent is refused."),
    ),
    Operation(
        method="POST", path="/v1/dead-letters/{letter}/drop", tag="dead letters", right="steer", do=drop_dead_letter,
        answer=models.DeadLetter, takes=models.DropRequest, is_required=True, problems=(404, 409, 415),
        client=ClientMethod("drop_dead_letter", says="Drop a dead letter, with the reason."),
    ),
)  # fmt: skip
