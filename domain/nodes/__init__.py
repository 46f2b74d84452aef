"""The control-flow kinds: one file each, one line each here. What is not here is an activity."""

from __future__ import annotations

from typing import Final

from domain.execution.kind import Kind
from domain.nodes.activity import CHOOSING, Activity
from domain.nodes.agent import Agent
from domain.nodes.break_ import Break
from domain.nodes.cancel import Cancel
from domain.nodes.compensate import Compensate
from domain.nodes.condition import Condition
from domain.nodes.continue_ import Continue
from domain.nodes.delay import Delay
from domain.nodes.emit_signal import EmitSignal
from domain.nodes.end import End
from domain.nodes.fail import Fail
from domain.nodes.for_each import ForEach
from domain.nodes.get_variable import GetVariable
from domain.nodes.human_task import HumanTask
from domain.nodes.merge import Merge
from domain.nodes.parallel import Parallel
from domain.nodes.repeat import Repeat
from domain.nodes.set_variable import SetVariable
from domain.nodes.start import Start
from domain.nodes.sub_workflow import SubWorkflow
from domain.nodes.switch import Switch
from domain.nodes.tool_calls import ApprovedCalls, Calls
from domain.nodes.transform import Transform
from domain.nodes.try_ import Try
from domain.nodes.wait_signal import WaitSignal
from domain.nodes.wait_until import WaitUntil
from domain.nodes.while_ import While

KINDS: Final[tuple[Kind, ...]] = (
    Start(),
    End(),
    Fail(),
    Condition(),
    Switch(),
    Merge(),
    Parallel(),
    ForEach(),
    While(),
    Repeat(),
    Break(),
    Continue(),
    Try(),
    SubWorkflow(),
    SetVariable(),
    GetVariable(),
    Transform(),
    Delay(),
    WaitSignal(),
    WaitUntil(),
    HumanTask(),
    EmitSignal(),
    Cancel(),
    Compensate(),
    Agent(),
)

CONTROL_KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in KINDS}
INNER_KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in (Calls(), ApprovedCalls())}
"""What stands in the turns of an agent; no definition names them."""
ACTIVITY: Final[Kind] = Activity()


def activity_of(name: str) -> Kind:
    """What stands for an activity of this kind: the same for all, but for those that choose a way."""
    return CHOOSING.get(name, ACTIVITY)
