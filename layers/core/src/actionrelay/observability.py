"""Logs and metrics through Powertools, behind the ``Telemetry`` port.

Metrics carry the service as their one dimension, and an error code where there is one: never an id, since each new
value of a dimension is a metric of its own and is billed as one.
"""

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError


@cache
def logger() -> Logger:
    """Return this process's logger; service and level come from the POWERTOOLS_ variables."""
    return Logger()


@cache
def metrics() -> Metrics:
    """Return this process's metrics; they go out as EMF log lines when the handler returns."""
    return Metrics()


@dataclass(frozen=True, slots=True)
class PowertoolsTelemetry:
    """A ``Telemetry`` over both; threads take turns, since a metric set is one dictionary."""

    log: Logger
    emf: Metrics
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, metric: str, code: str | None = None) -> None:
        """Add one, by code in a metric of its own, so that the sum over all codes stays one metric."""
        with self._turn:
            self.emf.add_metric(metric, MetricUnit.Count, 1)
            if code is not None:
                self._count_by_code(metric + "ByCode", code)

    def _count_by_code(self, metric: str, code: str) -> None:
        with single_metric(metric, MetricUnit.Count, 1, namespace=self.emf.namespace) as by_code:
            by_code.add_dimension("service", str(self.emf.service))
            by_code.add_dimension("code", code)

    def duration(self, metric: str, milliseconds: float) -> None:
        """Record one duration."""
        with self._turn:
            self.emf.add_metric(metric, MetricUnit.Milliseconds, milliseconds)

    def event(self, name: str, **fields: str | float | None) -> None:
        """Write one line; the message is the event's name."""
        self.log.info(name, extra={key: value for key, value in fields.items() if value is not None})


def log_refusal(log: Logger, error: ActionRelayError, fields: Mapping[str, str | None]) -> None:
    """Write down why something was refused or failed, with what the error says is safe."""
    safe = {key: value for key, value in {**error.context, **fields}.items() if value is not None}
    level = log.error if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR else log.info
    level("request_refused", extra={"code": error.code, **safe})


def log_bug(log: Logger, error: Exception, fields: Mapping[str, str]) -> None:
    """Write down where the unexpected happened. The exception's own text may quote an input, so it is left out."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unexpected_error", extra={"exception": type(error).__name__, "frames": frames, **fields})


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
