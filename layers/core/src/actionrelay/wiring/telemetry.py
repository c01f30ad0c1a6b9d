"""Logs and metrics through Powertools, behind the ``Telemetry`` port.

Metrics have the dimensions service (the stack's name) and, for some, an error code. They never have an id: each value
of a dimension is billed as a metric. Log lines have the ids of the execution, its trace, and the message or request.
"""

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, wraps
from http import HTTPStatus
from typing import Any, override

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError
from actionrelay.ports import Telemetry
from actionrelay.signals import Count, Duration, by_code


@cache
def logger() -> Logger:
    """Return this process's logger; service and level come from the POWERTOOLS_ variables."""
    return Logger()


@cache
def metrics() -> Metrics:
    """Return this process's metrics; they go out as EMF log lines when the handler returns."""
    return Metrics()


@dataclass(frozen=True, slots=True)
class PowertoolsTelemetry(Telemetry):
    """A ``Telemetry`` over both; a lock guards the metric set, which all threads share."""

    log: Logger
    emf: Metrics
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        """Count the metric and, if there is a code, a second one by code, so that the sum stays one metric."""
        with self._lock:
            self.emf.add_metric(str(metric), MetricUnit.Count, by)
            if code is not None:
                self._count_by_code(metric, code, by)

    def _count_by_code(self, metric: Count, code: str, by: int) -> None:
        with single_metric(by_code(metric), MetricUnit.Count, by, namespace=self.emf.namespace) as twin:
            twin.add_dimension("service", str(self.emf.service))
            twin.add_dimension("code", code)

    @override
    def duration(self, metric: Duration, milliseconds: float) -> None:
        with self._lock:
            self.emf.add_metric(str(metric), MetricUnit.Milliseconds, milliseconds)

    @override
    def concerning(self, execution_id: str, trace_id: str) -> None:
        self.log.thread_safe_append_keys(execution_id=execution_id, trace_id=trace_id)

    @override
    def event(self, name: str, **fields: str | float | None) -> None:
        """Write one log line; the message is the event's name."""
        self.log.info(name, extra={key: value for key, value in fields.items() if value is not None})


@contextmanager
def on_every_line(**ids: str) -> Iterator[None]:
    """Put ids on every line that this thread writes in the block; then remove all ids of the thread.

    Ids belong to a thread: a batch works on ten executions at once, and none may show another's trace id.
    """
    log = logger()
    log.thread_safe_clear_keys()
    log.thread_safe_append_keys(**ids)
    try:
        yield
    finally:
        log.thread_safe_clear_keys()


def log_refusal(log: Logger, error: ActionRelayError) -> None:
    """Log why something was refused or failed, with the error's safe context."""
    level = log.error if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR else log.info
    level("request_refused", extra={"code": error.code, **error.context})


def log_bug(log: Logger, error: Exception) -> None:
    """Log where an unexpected exception was raised. Its text may quote an input, so it is left out."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unexpected_error", extra={"exception": type(error).__name__, "frames": frames})


@cache
def telemetry() -> PowertoolsTelemetry:
    """Return this process's telemetry."""
    return PowertoolsTelemetry(logger(), metrics())


type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def observed(handler: Handler) -> Handler:
    """Wrap a Lambda handler: add the logger context, and flush its metrics when it returns."""

    @wraps(handler)
    def wrapper(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        inject = logger().inject_lambda_context(handler, clear_state=True)
        try:
            return inject(event, context)
        finally:
            emf = metrics()
            if emf.metric_set:
                emf.flush_metrics()

    return wrapper
