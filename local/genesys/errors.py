"""The error bodies of Genesys Cloud, in both dialects, as plain data.

The platform API answers with `ErrorBody` (`message, code, status, contextId, details, errors`). Action
tests and some older services answer with the other one (`errorCode, status, correlationId, userMessage,
…`). A client of data actions meets both, so the simulator can answer any status in either.
"""

from enum import StrEnum
from typing import Any

PLATFORM_CODES = {
    400: ("bad.request", "The request could not be understood by the server due to malformed syntax."),
    401: ("bad.credentials", "Invalid login credentials."),
    403: (
        "missing.permissions",
        "Unable to perform the requested action. You are missing the required permissions.",
    ),
    404: ("not.found", "The requested resource was not found."),
    405: ("method.not.allowed", "The request method is not supported for this resource."),
    408: ("request.timeout", "The client did not produce a request within the server timeout limit."),
    413: ("request.entity.too.large", "The request is over the size limit. Maximum bytes: 516096"),
    415: ("unsupported.media.type", "Unsupported Media Type - Unsupported or incorrect media type."),
    429: (
        "too.many.requests.retry.after",
        "Rate limit exceeded the maximum. Retry the request in [60] seconds",
    ),
    500: (
        "internal.server.error",
        "The server encountered an unexpected condition that prevented it from answering.",
    ),
    502: ("bad.gateway", "The server received an invalid response from an upstream server."),
    503: ("service.unavailable", "Service Unavailable - The server is currently unavailable."),
    504: ("request.timeout", "The request timed out."),
}
UNLISTED = ("unknown.error", "The request failed.")


class Dialect(StrEnum):
    """Which of the two error bodies an error is written in."""

    PLATFORM = "platform"
    LEGACY = "legacy"


def error_body(
    status: int,
    correlation_id: str,
    *,
    dialect: Dialect = Dialect.PLATFORM,
    code: str | None = None,
    message: str | None = None,
) -> dict[str, Any]:
    """Return the body of an error answer; `code` and `message` default to what the platform says for
    `status`.
    """
    default_code, default_message = PLATFORM_CODES.get(status, UNLISTED)
    code, message = code or default_code, message or default_message
    if dialect is Dialect.LEGACY:
        return {
            "errorCode": code,
            "status": status,
            "correlationId": correlation_id,
            "entityName": "action",
            "userMessage": message,
            "userParams": [],
            "details": [{"errorCode": "ACTION.EXECUTION", "fieldName": None}],
            "errors": [],
        }
    return {
        "message": message,
        "code": code,
        "status": status,
        "contextId": correlation_id,
        "details": [],
        "errors": [],
    }


def throttled_message(retry_after: int | str) -> str:
    """Return the message of the real 429 body, which repeats the wait in brackets."""
    return f"Rate limit exceeded the maximum. Retry the request in [{retry_after}] seconds"
