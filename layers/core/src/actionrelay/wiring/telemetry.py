"""Logs and metrics through Powertools, behind the ``Telemetry`` port.

Metrics carry the service, which is the stack's name, as their one dimension, and an error code where there is one:
never an id, since each new value of a dimension is a metric of its own and is billed as one. Log lines do carry ids:
those of the execution, of its trace, and of the message or the request that it was met in.
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
    """A ``Telemetry`` over both; threads take turns, since a metric set is one dictionary."""

    log: Logger
    emf: Metrics
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        """Add, by code in a metric of its own too, so that the sum over all codes stays one metric."""
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
        """Write one line; the message is the event's name."""
        self.log.info(name, extra={key: value for key, value in fields.items() if value is not None})


@contextmanager
def on_every_line(**ids: str) -> Iterator[None]:
    """Put ids on every line that this thread writes meanwhile, and take off all of them, also those that others put
    there.

    They are this thread's own: a batch works on ten executions at once, and none shows another's trace id.
    """
    log = logger()
    log.thread_safe_clear_keys()
    log.thread_safe_append_keys(**ids)
    try:
        yield
    finally:
        log.thread_safe_clear_keys()


def log_refusal(log: Logger, error: ActionRelayError) -> None:
    """Write down why something was refused or failed, with what the error says is safe."""
    level = log.error if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR else log.info
    level("request_refused", extra={"code": error.code, **error.context})


def log_bug(log: Logger, error: Exception) -> None:
    """Write down where the unexpected happened. The exception's own text may quote an input, so it is left out."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unexpected_error", extra={"exception": type(error).__name__, "frames": frames})


@cache
def telemetry() -> PowertoolsTelemetry:
    """Return this process's telemetry."""
    return PowertoolsTelemetry(logger(), metrics())


type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def observed(handler: Handler) -> Handler:
    """Give a Lambda handler its logger context and let its metrics go out when it returns."""

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
