"""The documents of ``GET /health``."""

from typing import Literal, NotRequired, TypedDict

from actionrelay.preflight_check import Check, CheckStatus


class CheckDocument(TypedDict):
    """One check of the preflight."""

    name: str
    status: CheckStatus
    detail: str
    advice: str | None
    """What to do; null for `ok`."""


class HealthDocument(TypedDict):
    """The API answers; with a preflight, also its checks."""

    status: Literal["ok", "degraded"]
    checks: NotRequired[list[CheckDocument]]
    checkedAt: NotRequired[str | None]
    """When the checks were made, in UTC; they are made at most once a minute. Null while the first ones are made."""


def check_document(check: Check) -> CheckDocument:
    """Return a check as a document."""
    return {"name": check.name, "status": check.status, "detail": check.detail, "advice": check.advice}
