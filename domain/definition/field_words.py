"""What the fields of the language say of themselves, where their shapes do not: for editors, which show it beside them.

By the name of a part of the schema (`NodeDefinition`, `config_for_each`); the reference says the same at length.
"""

from __future__ import annotations

from typing import Any, Final

_TRIGGER: Final = {
    "id": "what it is called in the definition: it is `WORKFLOW.ID`",
    "description": "for people",
    "input": "what the execution is started with; templates see `trigger`",
}
_GRAPH: Final = {
    "nodes": "what happens",
    "edges": "what leads to what",
    "variables": "variables with their first values, which may hold templates",
    "output": "what it gives; without it what its last node gave",
}
_WAIT_FOR: Final = {
    "wait_for": "how many have to complete: all, any, or a count",
    "losers": "what becomes of the others: cancelled, or left to their end",
}

WORDS: Final[dict[str, dict[str, str]]] = {
    "": {
        **_GRAPH,
        "name": "versions are counted by it",
        "description": "for people",
        "tags": "for people, who find workflows by them",
        "settings": "how the whole execution behaves",
    },
    "After": {"workflow": "which one", "on_timeout": "what happens where it has not completed in time"},
    "Answer": {
        "status": "the status of the answer",
        "body": "a value; templates see `trigger` and `execution`",
        "after": "once the start is durable, or the execution has ended",
    },
    "Body": _GRAPH,
    "Cache": {"key": "an expression; results of the same value are the same"},
    "Case": {
        "equals": "the value that it fits",
        "when": "an expression: it fits where that is true",
        "port": "by which port the node leaves",
    },
    "Catch": {"errors": "patterns of types of errors", "body": "what happens then; it sees `error`"},
    "Challenge": {"kind": "whose challenges are answered", "secret": "the name of a credential"},
    "Compensation": {"config": "the kind's own fields", "retry": "how often, and after how long"},
    "Concurrency": {"limit": "so many with the same key at a time", "policy": "what happens to one too many"},
    "Count": {"count": "so many"},
    "EdgeDefinition": {
        "from": "`node` or `node.port`; without a port `out`",
        "to": "a node of the same body",
        "when": "an expression: the edge is taken only where it holds",
        "type": "`main`, `error`, or a typed edge",
        "back": "whether it closes a cycle, and starts its target anew",
        "max_iterations": "how often a back edge may be taken: 1,000",
    },
    "More": {"signal": "the name of the signal that brings further items"},
    "NodeDefinition": {
        "id": "what edges and expressions call it; unique in its body",
        "config": "the kind's own fields",
        "name": "what people call it",
        "description": "for people",
        "position": "where a person has put it; without it the layout is automatic",
        "when": "an expression: where it is false, the node is skipped",
        "join": "with how many edges it starts: all, any, or a count",
        "losers": "with `any` or a count: what becomes of what still leads to it",
        "aggregate": "how several inputs become one",
        "retry": "how often, and after how long, it is tried again",
        "timeouts": "how long each part of it may take",
        "on_error": "what happens once it has failed for good",
        "compensate": "what undoes it",
        "mutex": "a name: of the nodes that have it one runs at a time",
        "cache": "how long a result is used again for the same input",
        "priority": "0 to 9, 9 the most urgent; without it the execution's",
        "queue": "which workers take it",
        "input": "what the activity is given in place of the node's data",
    },
    "ModelUse": {
        "use": "`provider:model`, or a list of them of which the next is asked where one cannot",
        "temperature": "how freely it answers",
        "max_tokens": "how long the answer may be",
        "seed": "for models that draw the same with the same",
        "stop": "texts before which the answer ends",
        "timeout": "how long each request may take",
        "credential": "the credential with the key",
        "base_url": "where the provider's protocol is spoken instead",
    },
    "OneOf": {"name": "the name of the signal", "port": "by which port the node leaves"},
    "Option": {"port": "by which port the node leaves", "label": "what people read"},
    "Position": {"x": "to the right", "y": "downwards"},
    "Quota": {"open": "so many may be open", "starts_per_minute": "so many may be started", "on_limit": "what happens to one too many"},
    "Retry": {
        "multiplier": "by how much each delay is longer than the one before",
        "retry_on": "patterns of types of errors: only these",
        "never_retry_on": "patterns of types of errors: none of these",
    },
    "Settings": {
        "retry": "of all activities that say nothing else",
        "on_failure": "whether a failure raises an incident, or fails the execution",
        "on_error": "what happens before it fails; it sees `error`",
        "compensate_on_failure": "whether what has completed is undone",
        "concurrency": "how many run at a time",
        "while_paused": "what a trigger does while an execution of the workflow is held up",
        "priority": "0 to 9, 9 the most urgent",
        "erasable": "whether what executions say is sealed, so that they can be erased",
        "search": "values to find executions by: names and expressions",
        "quota": "how much may be started",
        "after": "other workflows that have to have completed",
        "models": "models by names of your own, for all nodes that ask one",
    },
    "Signature": {
        "kind": "how the sender signs", "secret": "the name of a credential", "header": "where the signature stands",
        "prefix": "what stands before it", "algorithm": "of the HMAC", "encoding": "of the signature",
    },
    "SplitCase": {"when": "an expression: the items for which it holds", "port": "by which port they leave"},
    "config_break": {"when": "only where this expression holds"},
    "config_cancel": {"nodes": "which ones", "as": "how they end"},
    "config_compensate": {"nodes": "which ones; without it all that can be undone"},
    "config_condition": {"expression": "by which port the node leaves: `true` or `false`"},
    "config_continue": {"when": "only where this expression holds"},
    "config_delay": {"for": "how long", "until": "a time with its offset"},
    "config_emit_signal": {"execution": "the id of the one that gets it", "name": "of the signal", "payload": "what it brings"},
    "config_end": {"outcome": "of the execution", "output": "what the body gives", "terminate": "whether what still runs is cancelled"},
    "config_fail": {"type": "of the error, dotted", "message": "for people", "details": "any value"},
    "config_for_each": {
        "items": "an expression, a list, or a map",
        "body": "what is done with each; it sees `iteration`",
        "concurrency": "so many at a time",
        "on_item_error": "what a failure of one means: fail, collect, or stop",
        "max_items": "more are a failure",
        **_WAIT_FOR,
        "more": "where further items come from",
    },
    "config_get_variable": {"name": "of the variable", "default": "where it has none"},
    "config_human_task": {
        "kind": "what is asked for",
        "question": "what people read",
        "details": "a value that they are shown with it",
        "content": "a value that is reviewed",
        "assignees": "people, and `group:NAME`",
        "approval_threshold": "so many different people have to answer so",
        "rejection_threshold": "the same of those who refuse",
        "condition": "an expression: nobody is asked where it is false",
        "auto_approve_below": "nobody is asked where the amount is less",
        "form": "a JSON Schema of the answer",
        "options": "further ways out",
        "channels": "how they are told",
        "timeout": "how long it may take",
        "on_timeout": "what happens then",
        "escalate_to": "who is asked then",
        "reminders": "after how long they are told again",
    },
    "config_parallel": {"branches": "by name, each a body", "aggregate": "how their outputs become one", **_WAIT_FOR},
    "config_repeat": {"times": "how often", "concurrency": "so many at a time", "body": "what is repeated"},
    "config_set_variable": {
        "name": "of the variable", "value": "its new value", "values": "several at once, by name",
        "scope": "whose: of this body, of the iteration, of the workflow",
    },
    "config_sub_workflow": {
        "workflow": "its name",
        "version": "without it the active one",
        "input": "what it is started with; without it the node's data",
        "mode": "whether its end is waited for",
        "timeout": "how long it may take",
        "on_parent_close": "what becomes of it when this execution ends before",
    },
    "config_switch": {
        "value": "what the cases are compared with",
        "cases": "the first that fits counts",
        "default": "the port where none fits",
        "all_matches": "leave by the ports of all that fit",
    },
    "config_transform": {
        "operation": "what is done",
        "items": "a list, or an expression that gives one",
        "order": "of a sort",
        "initial": "of a reduction: the first `acc`",
        "sources": "of a merge: what is merged",
        "size": "of a split: so many a piece",
        "cases": "of a split: by which port items leave",
        "value": "what is given",
    },
    "config_try": {"body": "what is tried", "catch": "what happens with which errors", "finally": "what happens in any case"},
    "config_wait_signal": {
        "name": "of the signal",
        "timeout": "how long it is waited for",
        "count": "so many",
        "buffered": "whether one counts that came before",
        "signals": "in place of a name several: the first to come decides the port",
    },
    "config_wait_until": {"condition": "an expression: what is waited for", "timeout": "how long it is waited for"},
    "config_while": {
        "condition": "an expression: one more iteration where it holds",
        "max_iterations": "more rounds are a failure: 1,000",
        "body": "what is done",
    },
    "trigger_event": {**_TRIGGER, "filter": "an expression about the event"},
    "trigger_kafka": {**_TRIGGER, "topic": "of your own", "value": "how a record is read", "start": "where it begins to read"},
    "trigger_manual": {**_TRIGGER, "input_form": "a JSON Schema of what is filled in by hand"},
    "trigger_schedule": {
        **_TRIGGER,
        "catch_up": "what happens with times that were missed",
        "catch_up_limit": "so many of them at most",
    },
    "trigger_webhook": {
        **_TRIGGER,
        "path": "up to four words with `/` between them",
        "methods": "which are taken",
        "signature": "how a request proves where it comes from",
        "challenge": "how the sender is answered that asks first",
        "content": "how a body is read",
        "answer": "what is answered",
        "body_limit": "so long a body may be",
    },
}  # fmt: skip


def describe(root: dict[str, Any], defs: dict[str, Any]) -> None:
    """Let each field of the schema that says nothing say what it is."""
    for name, fields in WORDS.items():
        properties = (root if name == "" else defs.get(name, {})).get("properties", {})
        for field in fields.keys() & properties.keys():
            properties[field].setdefault("description", fields[field])
