"""What the preflight found, as its readers see it."""

from typing import Literal, NotRequired, TypedDict

from actionrelay.preflight_check import Check, CheckStatus


class CheckDocument(TypedDict):
    """One thing that the preflight looked at."""

    name: str
    status: CheckStatus
    detail: str
    advice: str | None
    """What to do about it; null for `ok`."""


class HealthDocument(TypedDict):
    """That the API answers; of a preflight, also what it found."""

    status: Literal["ok", "degraded"]
    checks: NotRequired[list[CheckDocument]]
    checkedAt: NotRequired[str | None]
    """When they were made, in UTC: one look a minute answers all. Null while the first one is under way."""


def check_document(check: Check) -> CheckDocument:
    """Return one check of the preflight as callers see it."""
    return {"name": check.name, "status": check.status, "detail": check.detail, "advice": check.advice}
