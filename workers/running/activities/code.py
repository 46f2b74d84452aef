"""`code`: runs Python in a sandbox: no files, no network, limits on time, memory and output.

The source sees `input` (and `data`, the same). Its result is `main(input)` where it defines a function `main`; else the
value of the last line, if that is an expression whose value is not None; else the variable `result`, if there is one;
else null. A result is a JSON value (a tuple counts as a list). What it prints goes to the log, up to 64 KB.
"""

from __future__ import annotations

import logging
from typing import Annotated, Any, Final, Protocol

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activity_settings import ActivitySettings
from workers.running.sandbox.job import Done, Job
from workers.running.sandbox.monty import MontySandbox
from workers.running.sandbox.process import ProcessSandbox
from workers.running.sandbox.syntax import fault_in
from workers.running.watch import seconds_of

MEMORY_MB_MAX: Final = 4_096
SANDBOXES: Final = ("monty", "process")

_log = logging.getLogger("refold.activity")


class CodeConfig(configs.Config):
    """The source, what it gets and its limits."""

    language: Annotated[str, AfterValidator(configs.OneOf("python"))] = Field(default="python", description="The language: python.")
    sandbox: Annotated[str, AfterValidator(configs.OneOf(*SANDBOXES))] = Field(
        default="monty",
        description="monty: fast, a subset of Python; process: all of Python in bubblewrap.",
        json_schema_extra={"enum": list(SANDBOXES)},
    )
    source: str = Field(description="The program; its result is `main(input)`, the last expression or the variable `result`.")
    input: Any = Field(default=None, description="What the program sees as `input`; by default the node's data.")
    timeout: str = Field(default="10s", description="How long it may run, a duration.")
    memory_mb: int = Field(default=64, ge=1, le=MEMORY_MB_MAX, description="How much memory it may take, in megabytes.")
    output_bytes_max: int = Field(default=1024 * 1024, ge=1, description="The largest result, as JSON.")

    @field_validator("source")
    @classmethod
    def _can_be_read(cls, source: str, info: ValidationInfo) -> str:
        """When a definition is checked; an attempt finds out by itself, and what has templates is not there yet."""
        sandbox = info.data.get("sandbox")
        if not info.context and "{{" not in source and sandbox in SANDBOXES and (fault := fault_in(source, sandbox == "monty")):
            raise ValueError(fault)
        return source


class Sandbox(Protocol):
    """Runs a program where it can harm nothing. Raises ActivityError, or Cancelled."""

    def run(self, context: ActivityContext, job: Job) -> Done:
        """The program's result, and what it printed."""


class Code:
    """Runs Python in a sandbox."""

    name = "code"
    summary = "Runs Python in a sandbox: no files, no network, limits on time, memory and output."
    category = "activities"
    icon = "code"
    Config = CodeConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self.at_a_time = settings.code_processes
        """How many run at a time, in whatever sandbox."""
        self._monty = MontySandbox(settings.code_processes)
        self._sandboxes: dict[str, Sandbox] = {"monty": self._monty, "process": ProcessSandbox(settings)}

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Run the source and give its result. Raises ActivityError with the class of the error in the source, or `code.…`."""
        wanted = configs.read_config(CodeConfig, config)
        job = Job(
            source=wanted.source,
            input=wanted.input if "input" in wanted.model_fields_set else data,
            timeout_s=seconds_of(wanted.timeout, "timeout"),
            memory_mb=wanted.memory_mb,
            output_bytes_max=wanted.output_bytes_max,
        )
        done = self._sandboxes[wanted.sandbox].run(context, job)
        if done.printed:
            where = {"execution": context.execution, "path": context.path, "attempt": context.attempt}
            _log.info("printed: %s", done.printed.rstrip("\n"), extra=where)
        return done.output

    def close(self) -> None:
        """End the pooled processes."""
        self._monty.close()
