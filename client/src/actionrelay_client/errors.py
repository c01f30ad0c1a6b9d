"""The client's tree of errors.

::

    ActionRelayError
    ├── SettingsError            no URL, no credentials, or a file of settings that can't be read
    ├── UnsendableError          an argument is not a JSON value; nothing was sent
    ├── NoAnswerError            no response after all tries; the same call under the same id is safe
    ├── UnreadableAnswerError    the response is not the API's, such as a proxy's page
    ├── ApiError                 the API answered with a problem (RFC 9457)
    │   ├── InvalidRequestError    400, 415, 422: `errors` has every fault
    │   ├── AccessDeniedError      401, 403
    │   ├── NotFoundError          404
    │   ├── NotServedError         404, 403: this deployment has no such route
    │   ├── ConflictError          409
    │   │   └── WrongStateError      409 wrong_state: `allowed` has the possible decisions
    │   ├── PayloadTooLargeError   413
    │   ├── ThrottledError         429: `retry_after`
    │   │   └── BacklogFullError     429 backlog_full
    │   └── UnavailableError       5xx: `retry_after`
    ├── WaitTimeoutError         the time to wait is over: `execution` is the current state
    └── WebhookError             a webhook that is not authentic

Each has ``code``, ``status``, ``detail``, ``errors`` and ``trace_id``. None contains a credential.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One fault of a request."""

    pointer: str
    """Where, as a JSON pointer (RFC 6901): ``/inputs/amount``."""
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.detail} ({self.code})"


class ActionRelayError(Exception):
    """Base of every error of this package."""

    code: str = "client_error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        status: int | None = None,
        errors: tuple[Fault, ...] = (),
        trace_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code or type(self).code
        """For programs; stable."""
        self.status = status
        """The HTTP status, if there was a response."""
        self.detail = detail
        self.errors = errors
        """Every fault of an invalid request."""
        self.trace_id = trace_id
        """Finds the request in the deployment's logs."""
        self.execution_id: str | None = None
        """For a failed submission: the id under which it is safe to repeat."""

    def __str__(self) -> str:
        head = f"{self.status} {self.code}" if self.status else self.code
        return "\n  ".join([f"{head}: {self.detail}", *map(str, self.errors)])


class SettingsError(ActionRelayError):
    """The settings lack a URL or credentials, or a file of settings can't be read."""

    code = "settings"


class UnsendableError(ActionRelayError):
    """An argument can't be written as JSON. Nothing was sent."""

    code = "unsendable"


class NoAnswerError(ActionRelayError):
    """No response after all tries. Whether the request arrived is not known; repeating it under its id is safe."""

    code = "no_answer"


class UnreadableAnswerError(ActionRelayError):
    """The response is not the API's but an intermediary's."""

    code = "unreadable_answer"


class ApiError(ActionRelayError):
    """The API answered with a problem document."""

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        status: int | None = None,
        errors: tuple[Fault, ...] = (),
        trace_id: str | None = None,
        problem: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, code=code, status=status, errors=errors, trace_id=trace_id)
        self.problem: Mapping[str, Any] = problem or {}
        """The whole document."""
        self.retry_after = retry_after
        """Seconds after which to try again, if the response says so."""


class InvalidRequestError(ApiError):
    """The request breaks a rule; nothing has changed."""


class AccessDeniedError(ApiError):
    """The caller is not known, may not do this, or has credentials that have expired."""


class NotFoundError(ApiError):
    """Nothing has this id, or its retention has ended."""


class NotServedError(ApiError):
    """This deployment has no such route."""


class ConflictError(ApiError):
    """The request contradicts the record, which is unchanged."""


class WrongStateError(ConflictError):
    """The current state does not allow the decision."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The decisions that the state allows."""
        allowed = self.problem.get("allowed")
        return tuple(map(str, allowed)) if isinstance(allowed, list) else ()


class PayloadTooLargeError(ApiError):
    """The body has more bytes than the deployment accepts."""


class ThrottledError(ApiError):
    """Too many requests."""


class BacklogFullError(ThrottledError):
    """The lane is full; try again later."""


class UnavailableError(ApiError):
    """The API, or a service behind it, is not available."""


class WaitTimeoutError(ActionRelayError):
    """The time to wait is over, but it has not ended."""

    code = "wait_timeout"

    def __init__(self, detail: str, execution: Any) -> None:
        super().__init__(detail)
        self.execution = execution
        """Its state when the time was over."""


class WebhookError(ActionRelayError):
    """A webhook is not authentic, or not the deployment's."""

    code = "unauthentic_webhook"


_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: AccessDeniedError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: PayloadTooLargeError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: ThrottledError,
}
_BY_CODE: Mapping[str, type[ApiError]] = {
    "wrong_state": WrongStateError,
    "backlog_full": BacklogFullError,
}


def api_error(status: int, problem: Mapping[str, Any], *, retry_after: float | None = None) -> ApiError:
    """Return the error for a problem document, whatever its fields contain."""
    code = _text(problem.get("code")) or f"http_{status}"
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status) or (UnavailableError if status >= 500 else ApiError)
    detail = next((_text(problem.get(name)) for name in ("detail", "title", "message") if problem.get(name)), None)
    return kind(
        detail or "no reason was given",
        code=code,
        status=status,
        errors=_faults(problem.get("errors")),
        trace_id=_text(problem.get("traceId")),
        problem=problem,
        retry_after=retry_after,
    )


def _faults(listed: Any) -> tuple[Fault, ...]:
    if not isinstance(listed, list):
        return ()
    return tuple(
        Fault(*(_text(each.get(name)) or "" for name in ("pointer", "code", "detail")))
        for each in listed
        if isinstance(each, dict)
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
