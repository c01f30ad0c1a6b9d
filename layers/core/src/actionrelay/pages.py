"""Query parameters that all lists of the API read alike: times, and the size of a page."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
LIMIT_FORM = r"[1-9][0-9]?|100"
MOMENT_FORM = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?"
)
"""ISO 8601: a date, which means its first moment in UTC, or a time with its offset from UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FaultyValueError(ValueError):
    """A query parameter's value breaks its rule."""

    def __init__(self, code: Literal["schema", "moment", "cursor"], detail: str) -> None:
        """Keep the code of the rule, and what it requires."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


def milliseconds_of(text: str) -> int:
    """Read a time as ms since the epoch, rounded up, since recorded times are whole ms.

    Raises:
        FaultyValueError: it has another form, or the calendar has no such time.
    """
    if not re.fullmatch(MOMENT_FORM, text, re.ASCII):
        raise FaultyValueError(
            "schema", "must be a date such as 2026-11-24, or a time such as 2026-11-24T13:00:00Z, in ISO 8601"
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FaultyValueError("moment", "the calendar or the clock has no such time") from None
    since_epoch = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return -(-since_epoch // timedelta(milliseconds=1))


def limit_of(text: str) -> int:
    """Read the size of a page.

    Raises:
        FaultyValueError: it is not a number from 1 to ``MAX_LIMIT``.
    """
    if not re.fullmatch(LIMIT_FORM, text, re.ASCII):
        raise FaultyValueError("schema", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)
