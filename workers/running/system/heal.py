"""The activities of `refold.heal`: what has failed is looked at, what is suggested checked, and what was approved done."""

from __future__ import annotations

from typing import Any, Final

from contracts.errors import Rejected
from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.desk import Desk, Operator
from workers.running.healing import Applied, Case, Verdict

ROUNDS: Final = 3
"""So often a model is asked, with what was wrong with its suggestion before."""


class CaseConfig(configs.Config):
    """Which execution, and what of it."""

    execution: str
    about: str


class HealCase:
    """Looks at what has failed."""

    name = "refold.heal_case"
    summary = "Collects what is known of a failure: the error, the node, what it was given, and where the last success went otherwise."
    Config = CaseConfig

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{place, error, base, told}`. Raises ActivityError with the reason of a refusal."""
        wanted = configs.read_config(CaseConfig, config)

        async def ask(operator: Operator) -> Case:
            return await operator.healer.case(wanted.execution, wanted.about)

        return _called(self._desk, context, ask)._asdict()


class CheckConfig(configs.Config):
    """What was suggested by whom; `said` is None where a model gave nothing, or was not asked."""

    execution: str
    about: str
    base: int
    last: int
    said: Any = None
    by_model: bool = False
    round: int = 0


class HealCheck:
    """Checks what is suggested."""

    name = "refold.heal_check"
    summary = "Checks a suggestion as publishing does, forks the execution with it without beginning, and compares recorded executions."
    Config = CheckConfig

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{verdict, problems, by, ...}` with all that is known of a suggestion that holds."""
        wanted = configs.read_config(CheckConfig, config)
        is_by_model = wanted.by_model and wanted.said is not None

        async def ask(operator: Operator) -> Verdict:
            return await operator.healer.check(wanted.execution, wanted.about, wanted.base, wanted.last, wanted.said, is_by_model)

        checked, problems = _called(self._desk, context, ask)
        if checked is None:
            verdict = "invalid" if is_by_model and problems and wanted.round + 1 < ROUNDS else "none"
            return {"verdict": verdict, "problems": problems}
        return {"verdict": "ready", "problems": problems, "by": "model" if is_by_model else "rule", **checked._asdict()}


class MayConfig(configs.Config):
    """What is to be done, and what may be without asking."""

    workflow: str
    kind: str
    auto: list[str]
    per_day: int


class HealMay:
    """Says whether a person has to be asked."""

    name = "refold.heal_may"
    summary = "Says whether a suggestion may be followed without asking a person: its kind may be, and there were not too many today."
    Config = MayConfig

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{by_itself}`."""
        wanted = configs.read_config(MayConfig, config)
        if wanted.kind not in wanted.auto:
            return {"by_itself": False}

        async def ask(operator: Operator) -> bool:
            return await operator.healer.may_apply(context.execution, wanted.workflow, wanted.per_day)

        return {"by_itself": _called(self._desk, context, ask)}


class ApplyConfig(configs.Config):
    """What is to be done, for which execution."""

    execution: str
    about: str
    workflow: str
    base: int
    text: str | None
    syntax: str
    hash: str
    publishes: bool
    actor: str


class HealApply:
    """Does it."""

    name = "refold.heal_apply"
    summary = "Publishes what was approved, or keeps it as a draft, and lets the execution go on with it as a fork."
    Config = ApplyConfig

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{version, draft, execution, said}`."""
        wanted = configs.read_config(ApplyConfig, config)
        change = wanted.model_dump(include={"about", "workflow", "base", "text", "syntax", "hash"})

        async def ask(operator: Operator) -> Applied:
            return await operator.healer.apply(context.execution, wanted.execution, change, wanted.publishes, wanted.actor)

        return _called(self._desk, context, ask)._asdict()


def _called(desk: Desk, context: ActivityContext, ask: Any) -> Any:
    """What the engine says. Raises ActivityError with the reason of a refusal: asked again it would be refused again."""
    try:
        return desk.call(context, ask)
    except Rejected as refused:
        raise ActivityError(f"heal.{refused.reason}", refused.message, retryable=False) from None


HEALING: Final = (HealCase, HealCheck, HealMay, HealApply)
