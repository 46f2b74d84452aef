"""What a definition refers to and nobody has now: not wrong, as it may still come, but worth a word, as a name may be mistyped."""

from __future__ import annotations

from collections.abc import Collection

from contracts.definitions import WorkflowDefinition
from contracts.errors import Problem
from contracts.system import SYSTEM_PREFIX
from domain.definition.findings import Findings
from domain.definition.outline import LATER_KINDS, config_of, outline_of
from domain.definition.texts import afters_in
from domain.nodes import CONTROL_KINDS


def missing_kinds(definition: WorkflowDefinition, known: Collection[str]) -> list[Problem]:
    """A warning for each place in a valid definition with an activity kind that is not among those known."""
    findings = Findings()
    for node in outline_of(definition, {}, Findings(), strict_kinds=False).nodes:
        if node.definition.type not in CONTROL_KINDS:
            _check(findings, node.definition.type, f"{node.path}.type", known, [*CONTROL_KINDS, *known])
        undo = node.definition.compensate
        if undo is not None and undo.type not in CONTROL_KINDS:
            _check(findings, undo.type, f"{node.path}.compensate.type", known, list(known))
    return findings.told()


def missing_kind(kind: str, path: str, known: Collection[str]) -> list[Problem]:
    """A warning for an activity kind that something at this path is about, where it is not among those known."""
    findings = Findings()
    if not kind.startswith(SYSTEM_PREFIX):  # of those no list is shown
        _check(findings, kind, path, known, list(known))
    return findings.told()


def missing_workflows(definition: WorkflowDefinition, known: Collection[str]) -> list[Problem]:
    """A warning for each `sub_workflow`, and each workflow to be waited for, in a valid definition that is not among those known."""
    findings = Findings()
    for path, one in afters_in(definition.settings):
        if one.workflow not in known:
            message = f"the workflow `{one.workflow}` is not published; until it is, executions wait for it, up to `within: {one.within}`"
            fix = findings.did_you_mean(one.workflow, known, "publish it before an execution is to begin")
            findings.add(f"{path}.workflow", "unknown_workflow", message, fix)
    for node in outline_of(definition, {}, Findings(), strict_kinds=False).nodes:
        if node.definition.type != "sub_workflow" or node.config is None:
            continue
        workflow = config_of(node).workflow
        if "{{" not in workflow and workflow != definition.name and workflow not in known:
            message = f"the workflow `{workflow}` is not published; until it is, the node fails with `child.failed`"
            fix = findings.did_you_mean(workflow, known, "publish it before an execution comes here")
            findings.add(f"{node.path}.config.workflow", "unknown_workflow", message, fix)
    return findings.told()


def _check(findings: Findings, kind: str, path: str, known: Collection[str], meant: list[str]) -> None:
    if kind in known:
        return
    if kind in LATER_KINDS:
        message, otherwise = f"the kind `{kind}` is not built in yet, and no worker offers it now", "use an activity of your own"
    else:
        message, otherwise = f"the kind `{kind}` is not built in, and no worker offers it now", "start a worker that offers it"
    findings.add(path, "unknown_kind", message, findings.did_you_mean(kind, meant, otherwise))
