"""One request to the platform and its response: headers, an error, or a fault."""

from http import HTTPStatus
from typing import Any

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import Response

from local.genesys.answers import ResetAnswer, SilentAnswer, json_answer, spoilt_answer
from local.genesys.errors import error_body, throttled_message
from local.genesys.faults import Fault
from local.genesys.ledger import RequestRecord


class PlatformError(HTTPException):
    """A request is refused with an error body, by any part of the platform."""

    def __init__(
        self,
        status: int,
        code: str | None = None,
        message: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, headers=headers)
        self.code = code
        self.message = message


class Exchange:
    """One request to the platform, and the headers of its response."""

    def __init__(self, record: RequestRecord) -> None:
        self.record = record
        self.headers = {"ININ-Correlation-Id": record.correlation_id}

    def answer(self, content: Any, background: BackgroundTask | None = None) -> Response:
        """Answer 200."""
        return json_answer(content, 200, self.headers, background)

    def error(self, refusal: PlatformError) -> Response:
        """Answer with the platform's error body."""
        body = error_body(refusal.status_code, self.record.correlation_id, code=refusal.code, message=refusal.message)
        return json_answer(body, refusal.status_code, self.headers | dict(refusal.headers or {}))

    def faulty(self, fault: Fault, content: Any, background: BackgroundTask | None = None) -> Response:
        """Answer according to `fault`, with `content` unless the fault changes it."""
        if fault.reset is not None:
            return ResetAnswer(background=background)
        if fault.hang is not None:
            return SilentAnswer(background=background)
        if fault.body is not None:
            return spoilt_answer(content, fault.body, self.headers, background)
        if fault.status is not None:
            retry, message = {}, fault.message
            if fault.retry_after is not None:
                retry = {"Retry-After": str(fault.retry_after)}
                if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
                    message = message or throttled_message(fault.retry_after)
            body = error_body(
                fault.status,
                self.record.correlation_id,
                dialect=fault.dialect,
                code=fault.code,
                message=message,
            )
            return json_answer(body, fault.status, self.headers | retry, background)
        return self.answer(content, background)
