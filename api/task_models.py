"""The shapes of human tasks, for OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import ID, Given, Time

KIND = Literal["confirmation", "data_input", "decision", "review"]
TASK = f"{ID}~approve@1"


class TaskRow(BaseModel):
    """A human task in a list."""

    task_id: str = Field(examples=[TASK])
    execution_id: str
    root: str = Field(description="the topmost execution above it, itself where there is none")
    workflow: str
    version: int
    path: str
    node: str
    kind: KIND
    question: str = Field(description="up to 1,000 characters of it")
    status: Literal["open", "answered", "expired", "withdrawn"]
    assignees: list[str] = Field(description="people, and groups as `group:NAME`; none: anybody")
    claimed_by: str | None
    answers: int
    outcome: str | None = Field(description="the port by which the node left")
    answered_by: str | None = Field(description="whose answer decided")
    created_at: Time | None
    due: Time | None
    ended_at: Time | None


class TasksPage(BaseModel):
    """The oldest first. `next` is the cursor of the page after."""

    tasks: list[TaskRow]
    next: str | None
    position: int


class TaskPort(BaseModel):
    """A way to answer."""

    port: str
    label: str
    needed: int = Field(description="how many people have to answer so")


class TaskAnswer(BaseModel):
    """What a person has answered."""

    by: str
    port: str
    at: Time
    channel: str
    data: Any
    comment: str
    content: Any
    key: str | None = Field(description="the `Idempotency-Key` of the request")


class KeptAnswer(BaseModel):
    """An answer that came while the execution was paused."""

    by: str
    port: str
    at: Time
    comment: str
    status: Literal["kept", "counted", "passed_over"] = Field(
        description="`kept` until the execution is resumed; `passed_over`: nobody was asked it any more"
    )


class TaskFile(BaseModel):
    """A file that is attached to a task."""

    number: int
    name: str
    media_type: str


class TaskComment(BaseModel):
    """What a person has said."""

    by: str
    at: Time
    comment: str
    file: TaskFile | None


class TaskEvent(BaseModel):
    """Something that has happened to a task; what else is known of it stands beside."""

    model_config = ConfigDict(extra="allow")

    event: str
    at: Time
    version: int


class Task(BaseModel):
    """A human task with its context: what people are shown, how they may answer, and all that was said and done."""

    task_id: str = Field(examples=[TASK])
    execution_id: str
    workflow: str
    version: int
    path: str
    kind: KIND
    status: Literal["open", "answered", "expired", "withdrawn"]
    question: str
    details: Any
    content: Any
    form: Any
    ports: list[TaskPort]
    assignees: list[str]
    claimed_by: str | None
    channels: list[str]
    outcome: str | None
    answers: list[TaskAnswer]
    comments: list[TaskComment]
    created_at: Time
    ended_at: Time | None
    kept_answers: list[KeptAnswer]
    events: list[TaskEvent]


class TaskGiven(Given):
    """What a person did was decided, and is durable."""

    task_id: str = Field(examples=[TASK])


class Answered(TaskGiven):
    """An answer was taken. `decided` says whether it was enough; `message` says the same for people."""

    decided: bool
    message: str


class Attached(TaskGiven):
    """A file was attached."""

    name: str
    media_type: str


class DelegateRequest(BaseModel):
    """Who is to be asked instead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"to": "bob@example.com", "comment": "I am away"}})

    to: str = Field(description="a person, or a group as `group:NAME`")
    comment: str = ""


class AnswerRequest(BaseModel):
    """An answer to a human task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"port": "approved", "comment": "fine"}})

    port: str = Field(description="one of its `ports`")
    data: Any = Field(default=None, description="matches its `form`, where it has one")
    comment: str = ""
    content: Any = Field(default=None, description="of a review: the content as it was edited")


class CommentRequest(BaseModel):
    """What a person says about a human task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"comment": "who has ordered this?"}})

    comment: str


class ResumeRequest(BaseModel):
    """An answer to the one task that is open in an execution or below it; nothing at all lets a paused execution go on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"approved": True, "resume_data": {"comment": "fine"}}})

    approved: bool | None = Field(default=None, description="whether the answer is the first port of the task, or the second")
    resume_data: Any = Field(default=None, description="the data of the answer; its `comment` is the answer's, too")
    output_port: str | None = Field(default=None, description="the port of the answer, instead of `approved`")
    task: str | None = Field(default=None, description="which task, where several are open")


class Resumed(Given):
    """A paused execution goes on, or a person has answered. The other fields are there after an answer."""

    message: str | None = None
    completed: bool | None = Field(default=None, description="whether the execution has ended well by now")
    paused_again: bool | None = Field(default=None, description="whether only the outside moves it now; then `status` is `paused`")
    remaining_nodes: list[str] | None = Field(default=None, description="the nodes of the workflow that have not ended, by their ids")
