"""Reads the query parameters of lists. Times, statuses and the size of a page have the same rules in all lists."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import Fault
from actionrelay.strict_json import pointer

EXECUTION_FILTERS = ("status", "actionId", "from", "to", "traceId", "webhookStatus", "errorCode", "id")
"""The parameters that select executions, in the list and for decisions about many."""
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


class Parameters:
    """The parameters of one query, each read by its own rule. Their faults are collected, and reported together."""

    def __init__(self, values: Mapping[str, str], place: str = "query") -> None:
        """Read ``values``; ``place`` is where they come from, for the pointers of faults."""
        self._values = values
        self._place = place
        self._faults: list[Fault] = []

    def read[Value](self, name: str, rule: Callable[[str], Value], otherwise: Value) -> Value:
        """Return a parameter's value, or ``otherwise`` if it is missing or faulty."""
        try:
            return rule(self._values[name]) if name in self._values else otherwise
        except FaultyValueError as refused:
            self._faults.append(Fault(pointer(self._place, name), refused.code, refused.detail))
            return otherwise

    def fault(self, name: str, detail: str) -> None:
        """Add a fault of a parameter, for a rule about several."""
        self._faults.append(Fault(pointer(self._place, name), "schema", detail))

    def require_sound(self) -> None:
        """Check that no fault was found.

        Raises:
            InvalidRequestError: with every fault.
        """
        if self._faults:
            raise InvalidRequestError(tuple(self._faults))


def several_form(choices: type[StrEnum]) -> str:
    """Return the form of one or more of an enumeration's values, separated by commas."""
    one = "|".join(choices)
    return f"({one})(,({one}))*"


def several_of[Choice: StrEnum](choices: type[Choice]) -> Callable[[str], frozenset[Choice]]:
    """Return the rule of a parameter that names one or more of an enumeration's values."""

    def rule(text: str) -> frozenset[Choice]:
        if not re.fullmatch(several_form(choices), text, re.ASCII):
            raise FaultyValueError("schema", f"must be one or more of {', '.join(choices)}, separated by commas")
        return frozenset(map(choices, text.split(",")))

    return rule


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
