"""What is asked with one request and answered with one value: for the blocking client. Written by `make clients`.

Change nothing here: each method comes of an operation that is declared in `api/operations` with `client`.
"""

from __future__ import annotations

from typing import Any, Final

from refold.client.requests import Ask, Rows, asked, part

METHODS: Final = {
    "PauseExecution": "pause",
    "ResumeExecution": "resume",
    "ReleaseExecution": "release",
    "CancelExecution": "cancel",
    "TerminateExecution": "terminate",
    "EraseExecution": "erase",
}
"""The methods that give an execution a command, by the names of the commands."""


class Operations:
    """For the blocking client."""

    def _ask(self, request: Ask) -> Any:
        raise NotImplementedError

    def activate(self, name: str, version: int) -> dict[str, Any]:
        """Let executions start with this version from here on."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/workflows/{part(name)}/activate", body={"version": version}))
        return answer

    def archive(self, name: str) -> Rows:
        """Let no execution start with the workflow any more; its versions."""
        answer: Rows = self._ask(asked("POST", f"/v1/workflows/{part(name)}/archive"))["versions"]
        return answer

    def workflows(self) -> Rows:
        """All workflows, each by its active version, or its last one."""
        answer: Rows = self._ask(asked("GET", "/v1/workflows"))["workflows"]
        return answer

    def workflow_tools(self) -> Rows:
        """The workflows that are offered as tools to assistants."""
        answer: Rows = self._ask(asked("GET", "/v1/workflow-tools"))["tools"]
        return answer

    def workflow(self, name: str, version: int | None = None) -> dict[str, Any]:
        """A version of a workflow with its definition; without `version` the active one."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/workflows/{part(name)}", query={"version": version}))
        return answer

    def versions(self, name: str) -> Rows:
        """All versions of a workflow, the first one first."""
        answer: Rows = self._ask(asked("GET", f"/v1/workflows/{part(name)}/versions"))["versions"]
        return answer

    def diff(self, name: str, before: int, after: int, layout: bool = True) -> dict[str, Any]:
        """What is different between two versions: `{changes, text_of, text}`."""
        answer: dict[str, Any] = self._ask(
            asked("GET", f"/v1/workflows/{part(name)}/versions/{before}/diff/{after}", query={"layout": layout})
        )
        return answer

    def get(self, execution_id: str) -> dict[str, Any]:
        """An execution as it is now."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}"))
        return answer

    def nodes(self, execution_id: str, path: str | None = None, whole: bool = True) -> Rows:
        """The nodes that have begun, with input, output and timing."""
        answer: Rows = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}/nodes", query={"path": path, "whole": whole}))["nodes"]
        return answer

    def incident_causes(self, is_open: bool = True, filter: str | None = None, limit: int = 100) -> Rows:
        """What needs a person by its cause, that with the most incidents first: workflow, node, type of error, shape of the message."""
        answer: Rows = self._ask(asked("GET", "/v1/incidents/causes", query={"open": is_open, "filter": filter, "limit": limit}))["causes"]
        return answer

    def trace(self, execution_id: str, since: int = 0, limit: int = 250000) -> dict[str, Any]:
        """What happened from which event to which, in columns: the states of each node, and of each event what and where it was."""
        answer: dict[str, Any] = self._ask(
            asked("GET", f"/v1/executions/{part(execution_id)}/trace", query={"since": since, "limit": limit})
        )
        return answer

    def spans(self, execution_id: str) -> dict[str, Any]:
        """Where the time of an execution went: the spans of its trace, made of its history."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}/spans"))
        return answer

    def why(self, execution_id: str, node: str = "", at: int | None = None) -> dict[str, Any]:
        """Why a node ran, was skipped, waits, failed, or has not run: the chain that led there, with each expression and its values."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}/why", query={"node": node, "at": at}))
        return answer

    def compare(self, execution_id: str, other: str | None = None, at: int | None = None, other_at: int | None = None) -> dict[str, Any]:
        """Where two executions, or two moments of one, part: in their state and variables, and on the way that they took."""
        answer: dict[str, Any] = self._ask(
            asked("GET", f"/v1/executions/{part(execution_id)}/diff", query={"other": other, "at": at, "other_at": other_at})
        )
        return answer

    def pause(self, execution_id: str, reason: str = "") -> dict[str, Any]:
        """Hold an execution."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/executions/{part(execution_id)}/pause", body={"reason": reason}))
        return answer

    def resume(
        self,
        execution_id: str,
        approved: bool | None = None,
        resume_data: Any = None,
        output_port: str | None = None,
        task: str | None = None,
    ) -> dict[str, Any]:
        """Let a paused execution go on, or answer its task."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/executions/{part(execution_id)}/resume",
                body={"approved": approved, "resume_data": resume_data, "output_port": output_port, "task": task},
            )
        )
        return answer

    def release(self, execution_id: str) -> dict[str, Any]:
        """Let an execution that was set aside go on, once the cause is mended."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/executions/{part(execution_id)}/release"))
        return answer

    def cancel(self, execution_id: str, reason: str = "") -> dict[str, Any]:
        """Stop an execution with clean-up and compensation."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/executions/{part(execution_id)}/cancel", body={"reason": reason}))
        return answer

    def terminate(self, execution_id: str, reason: str = "") -> dict[str, Any]:
        """Stop an execution now; nothing more runs."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/executions/{part(execution_id)}/terminate", body={"reason": reason}))
        return answer

    def erase(self, execution_id: str, reason: str = "") -> dict[str, Any]:
        """Make all that an ended execution said unreadable for ever."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/executions/{part(execution_id)}/erase", body={"reason": reason}))
        return answer

    def test_run(
        self,
        definition: str | None = None,
        syntax: str = "yaml",
        draft: str | None = None,
        workflow: str | None = None,
        version: int | None = None,
        input: Any = None,
        variables: dict[str, Any] | None = None,
        pins: dict[str, Any] | None = None,
        stop_before: list[str] | None = None,
        skip_time: bool = False,
        skip_timeouts: bool = False,
        unpinned: str = "run",
    ) -> dict[str, Any]:
        """Try a definition, with results given in place of running."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                "/v1/test-runs",
                body={
                    "definition": definition,
                    "syntax": syntax,
                    "draft": draft,
                    "workflow": workflow,
                    "version": version,
                    "input": input,
                    "variables": variables,
                    "pins": pins,
                    "stop_before": stop_before,
                    "skip_time": skip_time,
                    "skip_timeouts": skip_timeouts,
                    "unpinned": unpinned,
                },
                is_keyed=True,
            )
        )
        return answer

    def step(self, execution_id: str, at: int | None = None) -> dict[str, Any]:
        """Let a test run go on, and stop before whatever is to begin next."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/executions/{part(execution_id)}/step", body={"at": at}))
        return answer

    def recorded_test(self, execution_id: str, file: str | None = None) -> dict[str, Any]:
        """An execution as a file with tests: what came from outside, at its moments, and what came of it. Nothing secret stands in it."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}/test", query={"file": file}))
        return answer

    def executed_definition(self, execution_id: str) -> dict[str, Any]:
        """The definition that an execution goes by; of a test run also one that is not published."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}/definition"))
        return answer

    def fork(
        self,
        execution_id: str,
        at: int | None = None,
        set: dict[str, Any] | None = None,
        version: int | None = None,
        until: int | None = None,
        id: str | None = None,
    ) -> dict[str, Any]:
        """Go on from an event of an execution, as a new one."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/executions/{part(execution_id)}/fork",
                body={"at": at, "set": set, "version": version, "until": until, "id": id},
                is_keyed=True,
            )
        )
        return answer

    def retry(
        self, execution_id: str, set: dict[str, Any] | None = None, version: int | None = None, id: str | None = None
    ) -> dict[str, Any]:
        """Go on in the place of a failure, as a new execution that keeps all results."""
        answer: dict[str, Any] = self._ask(
            asked("POST", f"/v1/executions/{part(execution_id)}/retry", body={"set": set, "version": version, "id": id}, is_keyed=True)
        )
        return answer

    def heal(
        self,
        execution_id: str,
        model: str | list[str] | None = None,
        budget: dict[str, Any] | None = None,
        auto: list[str] | None = None,
        per_day: int | None = None,
        assignees: list[str] | None = None,
        last: int | None = None,
    ) -> dict[str, Any]:
        """Suggest a change for what has failed, and ask before it is made; the execution that does."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/executions/{part(execution_id)}/heal",
                body={"model": model, "budget": budget, "auto": auto, "per_day": per_day, "assignees": assignees, "last": last},
            )
        )
        return answer

    def debugger(self, execution_id: str, whole: bool = False) -> dict[str, Any]:
        """The breakpoints of an execution, where it halts, since when, by whom and until when, and what is seen there."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/executions/{part(execution_id)}/debugger", query={"whole": whole}))
        return answer

    def change_breakpoints(
        self, execution_id: str, set: list[dict[str, Any]] | None = None, remove: list[str] | None = None
    ) -> dict[str, Any]:
        """Take breakpoints away, and set others: `[{node, if, halts, timeout}]`."""
        answer: dict[str, Any] = self._ask(
            asked("POST", f"/v1/executions/{part(execution_id)}/breakpoints", body={"set": set, "remove": remove})
        )
        return answer

    def release_halt(
        self,
        execution_id: str,
        path: str | None = None,
        action: str = "continue",
        to: str | None = None,
        output: Any = None,
        port: str | None = None,
        error: dict[str, Any] | None = None,
        at: int | None = None,
    ) -> dict[str, Any]:
        """Let a halted node go on, step, run to a node, or end as you say."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/executions/{part(execution_id)}/halts/release",
                body={"path": path, "action": action, "to": to, "output": output, "port": port, "error": error, "at": at},
            )
        )
        return answer

    def change_halted(
        self,
        execution_id: str,
        path: str,
        variables: dict[str, Any] | None = None,
        data: Any = None,
        results: dict[str, Any] | None = None,
        at: int | None = None,
    ) -> dict[str, Any]:
        """Change what a halted node is about to see."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/executions/{part(execution_id)}/halts/change",
                body={"path": path, "variables": variables, "data": data, "results": results, "at": at},
            )
        )
        return answer

    def what_if(
        self,
        definition: str | None = None,
        syntax: str = "yaml",
        draft: str | None = None,
        workflow: str | None = None,
        version: int | None = None,
        against: str | None = None,
        last: int = 200,
        since: str | None = None,
        filter: str | None = None,
    ) -> dict[str, Any]:
        """Let a version decide over recorded executions, and compare."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                "/v1/what-if",
                body={
                    "definition": definition,
                    "syntax": syntax,
                    "draft": draft,
                    "workflow": workflow,
                    "version": version,
                    "against": against,
                    "last": last,
                    "since": since,
                    "filter": filter,
                },
            )
        )
        return answer

    def plan_migration(
        self,
        name: str,
        from_version: int,
        to_version: int,
        names: dict[str, str] | None = None,
        filter: str | None = None,
        rehearse: bool = False,
    ) -> dict[str, Any]:
        """Say of each open execution of a version whether it could go on by another one."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/workflows/{part(name)}/migrations/plan",
                body={"from_version": from_version, "to_version": to_version, "names": names, "filter": filter, "rehearse": rehearse},
            )
        )
        return answer

    def migrate(
        self,
        name: str,
        from_version: int,
        to_version: int,
        names: dict[str, str] | None = None,
        filter: str | None = None,
        rate: float | None = None,
    ) -> dict[str, Any]:
        """Let each open execution of a version go on by another one, where it can."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/workflows/{part(name)}/migrations",
                body={"from_version": from_version, "to_version": to_version, "names": names, "filter": filter, "rate": rate},
                is_keyed=True,
            )
        )
        return answer

    def coverage(self, name: str, version: int = 0, last: int = 1000) -> dict[str, Any]:
        """Which nodes, edges, cases and error edges of a version recorded executions have taken, and which none has."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/workflows/{part(name)}/coverage", query={"version": version, "last": last}))
        return answer

    def tasks(
        self,
        is_open: bool = True,
        mine: bool = False,
        my_groups: bool = False,
        overdue: bool = False,
        workflow: str | None = None,
        below: str | None = None,
        filter: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Rows:
        """Human tasks, the oldest first."""
        answer: Rows = self._ask(
            asked(
                "GET",
                "/v1/tasks",
                query={
                    "open": is_open,
                    "mine": mine,
                    "my_groups": my_groups,
                    "overdue": overdue,
                    "workflow": workflow,
                    "below": below,
                    "filter": filter,
                    "cursor": cursor,
                    "limit": limit,
                },
            )
        )["tasks"]
        return answer

    def task(self, task: str) -> dict[str, Any]:
        """A human task with its context: question, details, form, ways to answer, and all that was said and done."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/tasks/{part(task)}"))
        return answer

    def claim_task(self, task: str) -> dict[str, Any]:
        """Take a task upon oneself: until it is released nobody else answers it."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/tasks/{part(task)}/claim"))
        return answer

    def release_task(self, task: str) -> dict[str, Any]:
        """Give a task back to all who are asked."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/tasks/{part(task)}/release"))
        return answer

    def delegate_task(self, task: str, to: str, comment: str = "") -> dict[str, Any]:
        """Let somebody else be asked in one's place."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/tasks/{part(task)}/delegate", body={"to": to, "comment": comment}))
        return answer

    def answer_task(self, task: str, port: str, data: Any = None, comment: str = "", content: Any = None) -> dict[str, Any]:
        """Answer a task."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                f"/v1/tasks/{part(task)}/answer",
                body={"port": port, "data": data, "comment": comment, "content": content},
                is_keyed=True,
            )
        )
        return answer

    def comment_task(self, task: str, comment: str) -> dict[str, Any]:
        """Say something about a task."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/tasks/{part(task)}/comment", body={"comment": comment}, is_keyed=True))
        return answer

    def dead_letters(self, state: str = "open", topic: str | None = None, limit: int = 50, cursor: int | None = None) -> dict[str, Any]:
        """What nobody could read or be given, the last one first: `{dead_letters, next, open}`."""
        answer: dict[str, Any] = self._ask(
            asked("GET", "/v1/dead-letters", query={"state": state, "topic": topic, "limit": limit, "cursor": cursor})
        )
        return answer

    def dead_letter(self, letter: int) -> dict[str, Any]:
        """A dead letter with all that is in it."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/dead-letters/{letter}"))
        return answer

    def send_dead_letter(self, letter: int, reason: str = "") -> dict[str, Any]:
        """Send a dead letter again; one that was sent is refused."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/dead-letters/{letter}/send", body={"reason": reason}))
        return answer

    def drop_dead_letter(self, letter: int, reason: str) -> dict[str, Any]:
        """Drop a dead letter, with the reason."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/dead-letters/{letter}/drop", body={"reason": reason}))
        return answer

    def audit(
        self,
        actor: str | None = None,
        execution: str | None = None,
        workflow: str | None = None,
        command: str | None = None,
        after: str | None = None,
        before: str | None = None,
        filter: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> dict[str, Any]:
        """Who did what, the latest first: `{audit, next, position}`."""
        answer: dict[str, Any] = self._ask(
            asked(
                "GET",
                "/v1/audit",
                query={
                    "actor": actor,
                    "execution": execution,
                    "workflow": workflow,
                    "command": command,
                    "after": after,
                    "before": before,
                    "filter": filter,
                    "cursor": cursor,
                    "limit": limit,
                },
            )
        )
        return answer

    def cached_results(
        self, kind: str | None = None, workflow: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Which results are used again, and how often they are: `{results, next, uses}`."""
        answer: dict[str, Any] = self._ask(
            asked("GET", "/v1/cached-results", query={"kind": kind, "workflow": workflow, "cursor": cursor, "limit": limit})
        )
        return answer

    def invalidate(
        self, kind: str | None = None, workflow: str | None = None, key: str | None = None, older_than: str | None = None, all: bool = False
    ) -> dict[str, Any]:
        """Forget cached results that fit all that is given: `{count}`."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                "/v1/cached-results/invalidate",
                body={"kind": kind, "workflow": workflow, "key": key, "older_than": older_than, "all": all},
            )
        )
        return answer

    def warm(self, workflow: str, limit: int = 100) -> dict[str, Any]:
        """Keep what activities of past executions gave: `{executions, results, unreadable}`."""
        answer: dict[str, Any] = self._ask(asked("POST", "/v1/cached-results/warm", body={"workflow": workflow, "limit": limit}))
        return answer

    def bulk(
        self,
        action: str,
        filter: str | None = None,
        view: str | None = None,
        reason: str | None = None,
        signal: str | None = None,
        payload: Any = None,
        rate: float | None = None,
        dry_run: bool = False,
        incidents: str | None = None,
        executions: list[str] | None = None,
    ) -> dict[str, Any]:
        """Do one thing with each execution that a filter is true for."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                "/v1/operations",
                body={
                    "action": action,
                    "filter": filter,
                    "view": view,
                    "reason": reason,
                    "signal": signal,
                    "payload": payload,
                    "rate": rate,
                    "dry_run": dry_run,
                    "incidents": incidents,
                    "executions": executions,
                },
                is_keyed=True,
            )
        )
        return answer

    def operations(self, cursor: str | None = None, limit: int = 50) -> Rows:
        """The bulk operations, the latest first; `search` has the action and the filter of each."""
        answer: Rows = self._ask(asked("GET", "/v1/operations", query={"cursor": cursor, "limit": limit}))["operations"]
        return answer

    def operation(self, operation: str) -> dict[str, Any]:
        """How far a bulk operation is."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/operations/{part(operation)}"))
        return answer

    def operation_results(self, operation: str, result: str | None = None, start: int = 0, limit: int = 100) -> Rows:
        """What became of each execution, so far."""
        answer: Rows = self._ask(
            asked("GET", f"/v1/operations/{part(operation)}/results", query={"result": result, "from": start, "limit": limit})
        )["results"]
        return answer

    def undo(self, operation: str) -> dict[str, Any]:
        """Take back what an operation has done: an operation of its own, about those with which the first one did something."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/operations/{part(operation)}/undo", is_keyed=True))
        return answer

    def views(self) -> Rows:
        """All views, by name."""
        answer: Rows = self._ask(asked("GET", "/v1/views"))["views"]
        return answer

    def view(self, name: str) -> dict[str, Any]:
        """A view."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/views/{part(name)}"))
        return answer

    def put_view(
        self,
        name: str,
        filter: str = "",
        columns: list[str] | None = None,
        summary: str | None = None,
        sort: str | None = None,
        revision: int | None = None,
    ) -> dict[str, Any]:
        """Make a view, or let it be this from now on; the same again writes nothing."""
        answer: dict[str, Any] = self._ask(
            asked(
                "PUT",
                f"/v1/views/{part(name)}",
                body={"filter": filter, "columns": columns, "summary": summary, "sort": sort},
                query={"revision": revision},
            )
        )
        return answer

    def delete_view(self, name: str, revision: int | None = None) -> dict[str, Any]:
        """Delete a view; again, once it was deleted, is the same."""
        answer: dict[str, Any] = self._ask(asked("DELETE", f"/v1/views/{part(name)}", query={"revision": revision}))
        return answer

    def breakers(self) -> Rows:
        """All breakers, by name."""
        answer: Rows = self._ask(asked("GET", "/v1/breakers"))["breakers"]
        return answer

    def breaker(self, name: str) -> dict[str, Any]:
        """A breaker."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/breakers/{part(name)}"))
        return answer

    def put_breaker(
        self, name: str, match: dict[str, Any], failures: int = 5, window: str = "1m", cool_down: str = "30s", revision: int | None = None
    ) -> dict[str, Any]:
        """Make a breaker, or let it be this from now on; the same again writes nothing."""
        answer: dict[str, Any] = self._ask(
            asked(
                "PUT",
                f"/v1/breakers/{part(name)}",
                body={"match": match, "failures": failures, "window": window, "cool_down": cool_down},
                query={"revision": revision},
            )
        )
        return answer

    def delete_breaker(self, name: str, revision: int | None = None) -> dict[str, Any]:
        """Delete a breaker; again, once it was deleted, is the same."""
        answer: dict[str, Any] = self._ask(asked("DELETE", f"/v1/breakers/{part(name)}", query={"revision": revision}))
        return answer

    def drafts(self) -> Rows:
        """All drafts, by name, without their texts."""
        answer: Rows = self._ask(asked("GET", "/v1/drafts"))["drafts"]
        return answer

    def draft(self, name: str) -> dict[str, Any]:
        """A draft with its text."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/drafts/{part(name)}"))
        return answer

    def put_draft(
        self,
        name: str,
        text: str,
        syntax: str = "yaml",
        workflow: str | None = None,
        base_version: int | None = None,
        revision: int | None = None,
    ) -> dict[str, Any]:
        """Keep a text; one that is there is changed only as the caller has seen it. The same again writes nothing."""
        answer: dict[str, Any] = self._ask(
            asked(
                "PUT",
                f"/v1/drafts/{part(name)}",
                body={"text": text, "syntax": syntax, "workflow": workflow, "base_version": base_version},
                query={"revision": revision},
            )
        )
        return answer

    def delete_draft(self, name: str, revision: int | None = None) -> dict[str, Any]:
        """Delete a draft; again, once it was deleted, is the same."""
        answer: dict[str, Any] = self._ask(asked("DELETE", f"/v1/drafts/{part(name)}", query={"revision": revision}))
        return answer

    def templates(self) -> Rows:
        """Definitions to begin with, each with what is to be filled in."""
        answer: Rows = self._ask(asked("GET", "/v1/templates"))["templates"]
        return answer

    def prompts(self) -> Rows:
        """Of each prompt the latest version, by name."""
        answer: Rows = self._ask(asked("GET", "/v1/prompts"))["prompts"]
        return answer

    def publish_prompt(self, prompt: dict[str, Any]) -> dict[str, Any]:
        """Keep a prompt as the next version of its name; the same again is once."""
        answer: dict[str, Any] = self._ask(asked("POST", "/v1/prompts", body={"prompt": prompt}))
        return answer

    def prompt(self, name: str, version: int | None = None) -> dict[str, Any]:
        """A prompt with its texts and the workflows that use it; without `version` the latest one."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/prompts/{part(name)}", query={"version": version}))
        return answer

    def prompt_versions(self, name: str) -> Rows:
        """All versions of a prompt, the first one first."""
        answer: Rows = self._ask(asked("GET", f"/v1/prompts/{part(name)}/versions"))["versions"]
        return answer

    def prompt_diff(self, name: str, before: int, after: int) -> dict[str, Any]:
        """What is different between two versions of a prompt: `{fields, text}`."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/prompts/{part(name)}/versions/{before}/diff/{after}"))
        return answer

    def connectors(self) -> Rows:
        """Of each connector the latest version, by name."""
        answer: Rows = self._ask(asked("GET", "/v1/connectors"))["connectors"]
        return answer

    def publish_connector(self, connector: dict[str, Any]) -> dict[str, Any]:
        """Keep a connector as the next version of its name; the same again is once."""
        answer: dict[str, Any] = self._ask(asked("POST", "/v1/connectors", body={"connector": connector}))
        return answer

    def convert_openapi(
        self,
        openapi: dict[str, Any] | str,
        name: str | None = None,
        base_url: str | None = None,
        document_url: str | None = None,
        only: list[str] | None = None,
        tags: list[str] | None = None,
    ) -> dict[str, Any]:
        """Make a connector of an OpenAPI document; nothing is published."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                "/v1/connectors/convert",
                body={"openapi": openapi, "name": name, "base_url": base_url, "document_url": document_url, "only": only, "tags": tags},
            )
        )
        return answer

    def connector(self, name: str, version: int | None = None) -> dict[str, Any]:
        """A connector with its actions and its users; without `version` the latest one."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/connectors/{part(name)}", query={"version": version}))
        return answer

    def connector_versions(self, name: str) -> Rows:
        """All versions of a connector, the first one first."""
        answer: Rows = self._ask(asked("GET", f"/v1/connectors/{part(name)}/versions"))["versions"]
        return answer

    def open_breaker(self, name: str, reason: str = "") -> dict[str, Any]:
        """Open a circuit breaker: what goes by it waits until somebody closes it."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/breakers/{part(name)}/open", body={"reason": reason}))
        return answer

    def close_breaker(self, name: str, reason: str = "") -> dict[str, Any]:
        """Close a circuit breaker: what waits for it goes on. One that is closed forgets the failures that it has counted."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/breakers/{part(name)}/close", body={"reason": reason}))
        return answer

    def triggers(
        self, workflow: str | None = None, type: str | None = None, after: str | None = None, limit: int = 50, min_stand: int = 0
    ) -> dict[str, Any]:
        """What starts executions by itself, by name: `{triggers, next}`."""
        answer: dict[str, Any] = self._ask(
            asked("GET", "/v1/triggers", query={"workflow": workflow, "type": type, "after": after, "limit": limit, "min_stand": min_stand})
        )
        return answer

    def trigger(self, name: str, min_stand: int = 0) -> dict[str, Any]:
        """A trigger, and how it stands."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/triggers/{part(name)}", query={"min_stand": min_stand}))
        return answer

    def put_trigger(self, name: str, workflow: str, trigger: dict[str, Any]) -> dict[str, Any]:
        """Make a trigger by hand, or let it be this from now on; the same again writes nothing."""
        answer: dict[str, Any] = self._ask(asked("PUT", f"/v1/triggers/{part(name)}", body={"workflow": workflow, "trigger": trigger}))
        return answer

    def delete_trigger(self, name: str) -> dict[str, Any]:
        """Delete a trigger that was made by hand: it starts nothing more; again, once it was deleted, is the same."""
        answer: dict[str, Any] = self._ask(asked("DELETE", f"/v1/triggers/{part(name)}"))
        return answer

    def pause_trigger(self, name: str, reason: str = "") -> dict[str, Any]:
        """Let a trigger start nothing by itself until it is resumed; what would have started it meanwhile is passed over."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/triggers/{part(name)}/pause", body={"reason": reason}))
        return answer

    def resume_trigger(self, name: str) -> dict[str, Any]:
        """Let a trigger that is paused start executions again, from now on; one that is not paused stays as it is."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/triggers/{part(name)}/resume"))
        return answer

    def fire_trigger(self, name: str, body: Any = None, key: str | None = None) -> dict[str, Any]:
        """Start what a trigger starts, now and by hand, also while it is paused. With a `key`, or an `Idempotency-Key`, twice is once."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/triggers/{part(name)}/fire", body={"body": body, "key": key}, is_keyed=True))
        return answer

    def backfill_trigger(self, name: str, since: str, until: str, limit: int = 1000, dry_run: bool = False) -> dict[str, Any]:
        """Start what a schedule was to start in a range that has passed; a time whose execution is there starts nothing again."""
        answer: dict[str, Any] = self._ask(
            asked("POST", f"/v1/triggers/{part(name)}/backfill", body={"since": since, "until": until, "limit": limit, "dry_run": dry_run})
        )
        return answer

    def dependencies(self) -> dict[str, Any]:
        """What leads from one workflow to another: `{workflows, dependencies, cycles}`."""
        answer: dict[str, Any] = self._ask(asked("GET", "/v1/dependencies"))
        return answer

    def hook_deliveries(self, name: str, test: bool = False, limit: int = 50) -> dict[str, Any]:
        """The last requests to a webhook, with what became of each: `{deliveries, counts}`."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/triggers/{part(name)}/deliveries", query={"test": test, "limit": limit}))
        return answer

    def hook_delivery(self, name: str, delivery: str) -> dict[str, Any]:
        """One of them, with its content."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/triggers/{part(name)}/deliveries/{part(delivery)}"))
        return answer

    def redeliver_hook(self, name: str, delivery: str) -> dict[str, Any]:
        """Start what a request would have started, once more and as a new execution, also where it was refused."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/triggers/{part(name)}/deliveries/{part(delivery)}/redeliver"))
        return answer

    def webhooks(self) -> Rows:
        """All webhooks, by name."""
        answer: Rows = self._ask(asked("GET", "/v1/webhooks"))["webhooks"]
        return answer

    def webhook(self, name: str) -> dict[str, Any]:
        """A webhook."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/webhooks/{part(name)}"))
        return answer

    def put_webhook(
        self,
        name: str,
        url: str,
        types: list[str] | None = None,
        workflow: str | None = None,
        filter: str | None = None,
        secret: str | None = None,
    ) -> dict[str, Any]:
        """Make a webhook, or let it be this from now on; the answer alone has its secret."""
        answer: dict[str, Any] = self._ask(
            asked(
                "PUT",
                f"/v1/webhooks/{part(name)}",
                body={"url": url, "types": types, "workflow": workflow, "filter": filter, "secret": secret},
            )
        )
        return answer

    def delete_webhook(self, name: str) -> dict[str, Any]:
        """Delete a webhook: it is sent nothing more; again, once it was deleted, is the same."""
        answer: dict[str, Any] = self._ask(asked("DELETE", f"/v1/webhooks/{part(name)}"))
        return answer

    def deliveries(self, name: str) -> Rows:
        """What waits to be sent to a webhook, and the last requests."""
        answer: Rows = self._ask(asked("GET", f"/v1/webhooks/{part(name)}/deliveries"))["deliveries"]
        return answer

    def redeliver(self, name: str, event: str) -> dict[str, Any]:
        """Send an event (`EXECUTION/VERSION`) to a webhook once more."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/webhooks/{part(name)}/deliveries", body={"event": event}))
        return answer

    def enable_webhook(self, name: str) -> dict[str, Any]:
        """Send to a webhook again that was disabled."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/webhooks/{part(name)}/enable"))
        return answer

    def credentials(self, needed_by: bool = False) -> Rows:
        """All credentials by name, without their values."""
        answer: Rows = self._ask(asked("GET", "/v1/credentials", query={"needed_by": needed_by}))["credentials"]
        return answer

    def credential_kinds(self) -> Rows:
        """What a credential may be, and which values each kind has."""
        answer: Rows = self._ask(asked("GET", "/v1/credential-kinds"))["kinds"]
        return answer

    def create_credential(
        self, name: str, kind: str, values: dict[str, str], summary: str = "", workflows: list[str] | None = None
    ) -> dict[str, Any]:
        """Keep a credential; the same again is once. Its values are told to nobody, only used."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST", "/v1/credentials", body={"name": name, "kind": kind, "values": values, "summary": summary, "workflows": workflows}
            )
        )
        return answer

    def credential(self, name: str) -> dict[str, Any]:
        """A credential without its values, and what names it."""
        answer: dict[str, Any] = self._ask(asked("GET", f"/v1/credentials/{part(name)}"))
        return answer

    def rotate_credential(self, name: str, values: dict[str, str], overlap: str = "1h") -> dict[str, Any]:
        """Let a credential have other values; those before count beside them for a while. The same again changes nothing."""
        answer: dict[str, Any] = self._ask(
            asked("POST", f"/v1/credentials/{part(name)}/rotate", body={"values": values, "overlap": overlap})
        )
        return answer

    def credential_uses(self, name: str, limit: int = 50) -> Rows:
        """Who was given a credential, the latest first; also of one that was deleted."""
        answer: Rows = self._ask(asked("GET", f"/v1/credentials/{part(name)}/uses", query={"limit": limit}))["uses"]
        return answer

    def begin_authorization(self, name: str, redirect_uri: str) -> dict[str, Any]:
        """Tell where a person is to go who authorizes a credential of kind `oauth2`."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/credentials/{part(name)}/authorize", body={"redirect_uri": redirect_uri}))
        return answer

    def finish_authorization(self, name: str, state: str, code: str) -> dict[str, Any]:
        """Take what a person came back with who has authorized a credential, and get tokens for it."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/credentials/{part(name)}/authorized", body={"state": state, "code": code}))
        return answer

    def rotate_master_key(self) -> dict[str, Any]:
        """Have another master key wrap all credentials, while they are used; again after it was broken off finishes it."""
        answer: dict[str, Any] = self._ask(asked("POST", "/v1/credentials/rotate-master-key"))
        return answer

    def delete_credential(self, name: str, force: bool = False) -> dict[str, Any]:
        """Keep a credential no more; refused where something names it. Again, once it was deleted, is the same."""
        answer: dict[str, Any] = self._ask(asked("DELETE", f"/v1/credentials/{part(name)}", query={"force": force}))
        return answer

    def analytics(
        self,
        workflow: str | None = None,
        version: int | None = None,
        node: str | None = None,
        since: str | None = None,
        until: str | None = None,
        by: str = "day",
        group: str = "workflow",
    ) -> Rows:
        """What happened in hours or days: begun, ended, percentiles, retries, incidents."""
        answer: Rows = self._ask(
            asked(
                "GET",
                "/v1/analytics",
                query={"workflow": workflow, "version": version, "node": node, "from": since, "to": until, "by": by, "group": group},
            )
        )["windows"]
        return answer

    def costs(
        self,
        workflow: str | None = None,
        version: int | None = None,
        node: str | None = None,
        model: str | None = None,
        prompt: str | None = None,
        since: str | None = None,
        until: str | None = None,
        by: str = "day",
        group: str = "workflow,model",
    ) -> Rows:
        """What asking models took, by day: calls, tokens, money, time to the first token."""
        answer: Rows = self._ask(
            asked(
                "GET",
                "/v1/analytics/ai",
                query={
                    "workflow": workflow,
                    "version": version,
                    "node": node,
                    "model": model,
                    "prompt": prompt,
                    "from": since,
                    "to": until,
                    "by": by,
                    "group": group,
                },
            )
        )["windows"]
        return answer

    def read_models(self) -> Rows:
        """The read models: how far each goes, its rows, what is being made of it."""
        answer: Rows = self._ask(asked("GET", "/v1/read-models"))["read_models"]
        return answer

    def rebuild_read_model(self, name: str) -> dict[str, Any]:
        """Make the rows of a read model anew; `all`: of all but analytics and costs."""
        answer: dict[str, Any] = self._ask(asked("POST", f"/v1/read-models/{part(name)}/rebuild"))
        return answer

    def bundles(self) -> Rows:
        """The bundles in the archive of the server, and what is in each."""
        answer: Rows = self._ask(asked("GET", "/v1/archive"))["bundles"]
        return answer

    def make_archive(self) -> dict[str, Any]:
        """Archive and remove what is past its retention at once."""
        answer: dict[str, Any] = self._ask(asked("POST", "/v1/archive"))
        return answer

    def functions(self) -> Rows:
        """The functions and methods that expressions may call, with their signatures."""
        answer: Rows = self._ask(asked("GET", "/v1/expressions/functions"))["functions"]
        return answer

    def evaluate(
        self, execution: str, expressions: list[dict[str, Any]], node: str = "", at: int | None = None, ended: bool = False
    ) -> dict[str, Any]:
        """What expressions would give on what an execution has recorded, as it was when a node began, or had ended."""
        answer: dict[str, Any] = self._ask(
            asked(
                "POST",
                "/v1/expressions/evaluate",
                body={"execution": execution, "expressions": expressions, "node": node, "at": at, "ended": ended},
            )
        )
        return answer

    def ready(self) -> dict[str, Any]:
        """Whether the server takes anything in, and up to which position journal and read models go."""
        answer: dict[str, Any] = self._ask(asked("GET", "/health/ready"))
        return answer

    def node_kinds(self) -> Rows:
        """All node kinds, each with its ports, its fields and the JSON Schema of its `config`."""
        answer: Rows = self._ask(asked("GET", "/v1/node-kinds"))["kinds"]
        return answer

    def schemas(self) -> dict[str, Any]:
        """The JSON Schemas by name: of a definition, and of what is stored."""
        answer: dict[str, Any] = self._ask(asked("GET", "/v1/schemas"))
        return answer

    def server_settings(self) -> dict[str, Any]:
        """The server itself: `{version, python, started_at, data, log, settings, extras}`."""
        answer: dict[str, Any] = self._ask(asked("GET", "/v1/settings"))
        return answer

    def cluster(self) -> dict[str, Any]:
        """Who shares the log: `{node, leader, generation, processes, partitions, workers}`."""
        answer: dict[str, Any] = self._ask(asked("GET", "/v1/cluster"))
        return answer

    def workers(self) -> dict[str, Any]:
        """Who runs activities, and what waits for a worker that is not there: `{workers, waiting}`."""
        answer: dict[str, Any] = self._ask(asked("GET", "/v1/workers"))
        return answer
