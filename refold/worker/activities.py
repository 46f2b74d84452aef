"""Activities: a function that touches the world, offered to workflows under a name.

    @refold.activity
    def charge(order: Order, context: refold.ActivityContext, config: dict) -> Receipt: ...

What a function takes says what it is given. One parameter is the whole input; one that no object fits (a number, a text, a
list) takes what has its name where the input is an object. Several are taken from the input object by their names, `config`
is the node's config, and a parameter annotated `ActivityContext` what it knows and may do besides.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Generic, ParamSpec, Protocol, TypeVar, get_args, get_type_hints, overload

from refold.errors import ActivityError, Cancelled
from refold.worker.cancellation import Cancellation
from refold.worker.logs import LEVELS, fields_of
from refold.worker.parameters import Convert, converter, takes_no_object
from refold.worker.steps import Record, Steps

_P = ParamSpec("_P")
_R = TypeVar("_R")
_REQUIRED = inspect.Parameter.empty


class Tell(Protocol):
    """How a context tells its worker that the activity is alive."""

    def __call__(self, task: str, progress: float | None, detail: Any) -> None:
        """Safe to call from any thread."""


_NO_STEPS: Final[Steps | None] = None


class ActivityContext(Cancellation):
    """What a running activity knows and may do besides its input. Safe to use from the activity's own thread."""

    __slots__ = (
        "__weakref__",
        "_given",
        "_is_async",
        "_record",
        "_steps",
        "_tell",
        "_tell_line",
        "attempt",
        "execution",
        "idempotency_key",
        "is_given_up",
        "kind",
        "path",
        "task",
        "workflow",
    )

    def __init__(
        self,
        task: dict[str, Any],
        tell: Tell,
        tell_line: Callable[[str, dict[str, Any]], None] | None = None,
        record: Record | None = None,
        is_async: bool = False,
    ) -> None:
        super().__init__()
        self.task: str = task["task"]
        self.execution: str = task["execution"]
        self.workflow: str = task["workflow"]
        self.path: str = task["path"]
        self.attempt: int = task["attempt"]
        self.kind: str = task["kind"]
        self.idempotency_key: str = task["idempotency_key"]
        """Stable over retries: hand it to the outside so that doing it twice is once."""
        self._given, self._tell, self._tell_line = task, tell, tell_line
        self._record, self._is_async, self._steps = record, is_async, _NO_STEPS
        self.is_given_up = False
        """Whether the attempt ends here, and begins anew: for the worker."""

    @property
    def recorded_steps(self) -> frozenset[str]:
        """The names of the steps that earlier attempts have recorded, and of what was answered to them."""
        return frozenset(self._given.get("steps") or ())

    @property
    def correlation_id(self) -> str:
        """Of the outside request that it goes back to; empty where that had none."""
        return str(self._given.get("correlation_id", ""))

    @property
    def traceparent(self) -> str:
        """The attempt as a span of its trace, a header of W3C Trace Context: hand it to those whom you ask."""
        return str(self._given.get("traceparent", ""))

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that names execution, node and attempt."""
        return _Logger(logging.getLogger(f"refold.activity.{self.kind}"), self.about())

    def about(self) -> dict[str, Any]:
        """What a line of the log says about it: execution, path, attempt, and the correlation id where there is one."""
        found = {"execution": self.execution, "path": self.path, "attempt": self.attempt}
        return {**found, "correlation_id": self.correlation_id} if self.correlation_id else found

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """Tell that the activity is alive, and how far (0 … 1). Raises Cancelled when it should stop."""
        if self._is_cancelled:
            raise Cancelled
        self._tell(self.task, None if progress is None else min(1.0, max(0.0, progress)), detail)

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Write a line to the worker's log, and tell it to those who look on at the server (`level`: debug, info, warning, error).

        It is stored nowhere; what has to last is an output.
        """
        self.logger.log(LEVELS.get(level, logging.INFO), "%s", message, extra=fields_of(fields))
        if self._tell_line is not None:
            self._tell_line(self.task, {"level": level if level in LEVELS else "info", "message": str(message), "fields": fields})

    def step(self, name: str, function: Callable[[], Any]) -> Any:
        """Do something once: call `function`, record its result under `name`, and hand that to every later attempt of the node.

        Gives the result as JSON gives it back, once it is durable. In an `async` activity it is awaited. What `function` raises is
        not recorded. Raises ActivityError: `step.repeated`, `step.invalid`, `step.too_many`, `step.too_large`; Cancelled.
        """
        steps = self._known_steps()
        return steps.run_async(name, function) if self._is_async else steps.run(name, function)

    async def step_async(self, name: str, function: Callable[[], Any]) -> Any:
        """The same, awaited, in any activity: for who runs an event loop of their own in a plain one."""
        return await self._known_steps().run_async(name, function)

    def _known_steps(self) -> Steps:
        if self._steps is None:
            with _lock:
                self._steps = self._steps or Steps(self, self._given, self._record)
        return self._steps

    def step_key(self, name: str) -> str:
        """The idempotency key of a step: hand it to the outside, as a step may be done and its worker killed before that is recorded."""
        return f"{self.idempotency_key}/{name}"

    def give_up(self) -> None:
        """For the worker: the attempt ends here, and begins anew elsewhere."""
        self.is_given_up = True

    def wait_cancelled(self, timeout_s: float | None = None) -> bool:
        """Sleep, but no longer than until the activity is cancelled; whether it is."""
        event = threading.Event()
        self.on_cancel(event.set)
        return event.wait(timeout_s)

    async def cancelled(self) -> None:
        """Wait until the activity is cancelled."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        self.on_cancel(lambda: loop.call_soon_threadsafe(event.set))
        await event.wait()


_current: Final[ContextVar[ActivityContext | None]] = ContextVar("refold_activity", default=None)


def current_activity() -> ActivityContext | None:
    """The context of the activity that this runs in, in its thread or task, and what those begin; None outside of one."""
    return _current.get()


@contextmanager
def within(context: ActivityContext) -> Iterator[None]:
    """For the worker: what is run now is this activity."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


class _Logger(logging.LoggerAdapter[logging.Logger]):
    """Adds what it is about to what a line brings itself."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """See logging."""
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


_lock = threading.Lock()
"""Guards the making of the steps of all contexts: it is held for a moment only."""


class Activity(Generic[_P, _R]):
    """A function that is offered to workflows. Called, it is the function itself."""

    def __init__(self, function: Callable[_P, _R], name: str | None = None) -> None:
        self.function = function
        self.name = name or function.__name__
        self.is_async = inspect.iscoroutinefunction(function)
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self._plan: _Plan | None = None

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<activity {self.name}>"

    def prepare(self) -> None:
        """Read the function's parameters. Raises TypeError for those that cannot be given."""
        self._plan = _Plan(self)

    def run(self, given: Any, config: Any, context: ActivityContext) -> Any:
        """Call the function with what its parameters ask for. Raises ActivityError `input.invalid`."""
        if self._plan is None:
            self.prepare()
        assert self._plan is not None
        function: Callable[..., Any] = self.function
        return function(**self._plan.arguments(given, config, context))


class _Plan:
    """What each parameter of a function is given."""

    def __init__(self, made: Activity[..., Any]) -> None:
        self._name = made.name
        self._context = self._rest = ""
        self._config: tuple[Convert | None] | None = None
        self._inputs: dict[str, tuple[Convert | None, Any]] = {}
        self._no_objects: set[str] = set()
        """The parameters that no object can be given to."""
        hints = _hints(made)
        for parameter in inspect.signature(made.function).parameters.values():
            self._place(parameter, hints.get(parameter.name, Any))
        self._only = next(iter(self._inputs)) if len(self._inputs) == 1 and not self._rest else ""

    def _place(self, parameter: inspect.Parameter, annotation: Any) -> None:
        name = parameter.name
        if annotation is ActivityContext or ActivityContext in get_args(annotation):
            self._context = name
        elif parameter.kind is parameter.VAR_KEYWORD:
            self._rest = name
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise TypeError(f"activity {self._name}: `{name}` cannot be given by name; write it as a plain parameter")
        elif name == "config":
            self._config = (converter(annotation, "config"),)
        else:
            self._inputs[name] = (converter(annotation, f"input of {self._name}, {name}"), parameter.default)
            if takes_no_object(annotation):
                self._no_objects.add(name)

    def arguments(self, given: Any, config: Any, context: ActivityContext) -> dict[str, Any]:
        """The arguments by name."""
        is_whole = self._only and not (isinstance(given, dict) and self._only in self._no_objects)
        arguments = self._whole(given) if is_whole else self._by_name(given)
        if self._context:
            arguments[self._context] = context
        if self._config is not None:
            (convert,) = self._config
            arguments["config"] = config if convert is None else convert(config)
        return arguments

    def _whole(self, given: Any) -> dict[str, Any]:
        convert, default = self._inputs[self._only]
        if given is None and default is not _REQUIRED:
            return {}
        try:
            return {self._only: given if convert is None else convert(given)}
        except ActivityError as error:
            raise _invalid(f"{error} (the only parameter is given the whole input)") from None

    def _by_name(self, given: Any) -> dict[str, Any]:
        if not self._inputs and not self._rest:
            return {}
        if not isinstance(given, dict):
            found = "null" if given is None else type(given).__name__
            wanted = ", ".join(self._inputs)
            raise _invalid(
                f"input of {self._name}: expected an object with {wanted}, found {found} (several parameters are taken by their names)"
            )
        arguments = dict(given) if self._rest else {}
        for name, (convert, default) in self._inputs.items():
            if name in given:
                arguments[name] = given[name] if convert is None else convert(given[name])
            elif default is _REQUIRED:
                found = ", ".join(sorted(given)) or "nothing"
                rule = "; the only parameter is given the whole input, or of an object what has its name" if self._only else ""
                raise _invalid(f"input of {self._name}: `{name}` is missing; found {found}{rule}")
        return arguments


def _hints(made: Activity[..., Any]) -> dict[str, Any]:
    """The annotations of a function. Raises TypeError for one that cannot be read."""
    try:
        return get_type_hints(made.function, include_extras=True)
    except NameError as error:
        raise TypeError(f"activity {made.name}: an annotation cannot be read: {error}; import it where the module is run, too") from None


def _invalid(message: str) -> ActivityError:
    return ActivityError("input.invalid", message, retryable=False)


@overload
def activity(function: Callable[_P, _R], /) -> Activity[_P, _R]: ...
@overload
def activity(*, name: str | None = None) -> Callable[[Callable[_P, _R]], Activity[_P, _R]]: ...
def activity(function: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
    """Offer a function to workflows, as the node kind of its name or of another."""
    if function is not None:
        return Activity(function, name)
    return lambda decorated: Activity(decorated, name)
