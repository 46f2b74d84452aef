"""Keepers: executions of the engine's own that ask for a slot in the place of one that lives in another partition.

The slots of a workflow are kept in one partition, by its owner (`workers/partition/concurrency.py`). An execution there takes its
slot by itself. One that lives elsewhere has a keeper there, under the definition of its own workflow, of which nothing runs:

    the execution                              its keeper
    ExecutionQueued ────── CreateExecution ──► ExecutionQueued
                    ◄───────── GrantSlot ───── SlotGranted
    ExecutionStarted …
                    ◄─── CancelExecution ───── SlotReclaimed      policy: replace
                    ◄──────── RefuseSlot ───── SlotRefused        policy: reject, skip
    its end ──────────────── ReturnSlot ─────► ExecutionCompleted: the next one's turn

Each arrow is a command that the decision it leaves calls for, so it is sent again until it is decided, and twice is once.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from contracts import commands as c
from contracts.ids import make_keeper_id
from contracts.system import SLOT
from contracts.values import encode
from domain.execution.state import Execution


class Claim(NamedTuple):
    """What a keeper was asked for: by which execution, of which workflow, and the lane it queues in."""

    execution: str
    workflow: str
    lane: str


_claims = msgspec.json.Decoder(dict[str, str])


def is_keeper(state: Execution) -> bool:
    """Whether the execution is a keeper."""
    return state.workflow == SLOT


def keeper_id(execution: str, partition: int) -> str:
    """The id of the keeper of an execution, in the partition where slots are kept: derived, so that asking twice is once."""
    return make_keeper_id(hashlib.sha256(f"{SLOT}/{execution}".encode()).hexdigest()[:32], partition)


def request(state: Execution) -> c.CreateExecution:
    """The creation of the keeper of an execution that queues."""
    claim = {"execution": state.execution, "workflow": state.workflow, "lane": lane_named(state.slot or "")}
    return c.CreateExecution(SLOT, state.workflow_version, state.definition, encode(claim))


def claim_in(given: bytes) -> Claim:
    """The claim in the input of a keeper."""
    return Claim(**_claims.decode(given))


def lane_named(slot: str) -> str:
    """The lane of a key; a keeper knows no more of it, as the key may say what is to be erased some day."""
    return hashlib.sha256(slot.encode(errors="surrogatepass")).hexdigest()[:32] if slot else ""


def lane_of(state: Execution) -> tuple[str, str]:
    """Workflow and lane that an execution takes its slot in."""
    if is_keeper(state):
        claim = claim_in(state.input)
        return claim.workflow, claim.lane
    return state.workflow, lane_named(state.slot or "")
