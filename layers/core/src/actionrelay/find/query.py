"""What a caller may ask of the list of executions: filters, a page's size, and the position that a page begins after.

Everything comes from one query string, so faults are collected and reported together, as those of a body are.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from actionrelay.errors import Fault, InvalidRequestError
from actionrelay.find.ports import Position
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ids import NO_UUID, is_action_id, is_uuid
from actionrelay.ledger.execution import INDEXED_ENDS, Execution, Status, WebhookStatus
from actionrelay.strict_json import pointer

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
LIMIT_FORM = r"[1-9][0-9]?|100"
STATUS_FORM = rf"({'|'.join(Status)})(,({'|'.join(Status)}))*"
MOMENT_FORM = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?"
)
"""ISO 8601: a date, which is its first moment in UTC, or a time that says its distance from UTC."""
CURSOR_FORM = r"[A-Za-z0-9_-]{1,300}"

_NO_CURSOR = "must be the next of a page before"
_PLAIN = re.compile(r"[!-~]{0,128}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARAMETERS = ("status", "actionId", "from", "to", "traceId", "webhookStatus", "limit", "next")


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """Which executions are asked for, how many at most, and from where on."""

    statuses: frozenset[Status] = frozenset()
    """Any of them; none named means all."""
    action_id: str | None = None
    since: int | None = None
    """The first moment, in ms; inclusive."""
    until: int | None = None
    """In ms; exclusive."""
    trace_id: str | None = None
    undelivered: bool = False
    """Those alone whose webhook was given up."""
    limit: int = DEFAULT_LIMIT
    after: Position | None = None
    """The last position that a page before this one has looked at."""

    @property
    def is_of_trouble(self) -> bool:
        """Whether it asks for what needs attention alone, which leaves out what somebody has acknowledged."""
        return self.undelivered or (bool(self.statuses) and self.statuses <= INDEXED_ENDS)

    def wants(self, execution: Execution) -> bool:
        """Whether an execution in its current state is asked for; an index may name one that has changed since."""
        return (
            (not self.statuses or execution.status in self.statuses)
            and self.action_id in {None, execution.action_id}
            and self.trace_id in {None, execution.trace_id}
            and (not self.undelivered or execution.delivery.status is WebhookStatus.FAILED)
            and not (execution.acknowledged and self.is_of_trouble)
        )


def read_question(query: Mapping[str, str], api: GenesysApi) -> ListQuestion:
    """Read the parameters of a query string, each by its own rule.

    Raises:
        InvalidRequestError: with every fault; an unknown parameter is one, since a filter that is misspelled would
            else list everything.
    """
    faults: list[Fault] = []

    def read[Value](name: str, rule: Callable[[str], Value], otherwise: Value) -> Value:
        try:
            return rule(query[name]) if name in query else otherwise
        except _FaultyError as refused:
            faults.append(Fault(pointer("query", name), refused.code, refused.detail))
            return otherwise

    question = ListQuestion(
        statuses=read("status", _statuses, frozenset()),
        action_id=read("actionId", _action_id(api), None),
        since=read("from", milliseconds_of, None),
        until=read("to", milliseconds_of, None),
        trace_id=read("traceId", _trace_id, None),
        undelivered=read("webhookStatus", _undelivered, otherwise=False),
        limit=read("limit", _limit, DEFAULT_LIMIT),
        after=read("next", _position, None),
    )
    faults.extend(_unknown(query))
    if faults:
        raise InvalidRequestError(tuple(faults))
    return question


def cursor(position: Position) -> str:
    """Spell a position as callers hand it back: base64url of JSON, without padding."""
    spelled = json.dumps([position.created_at, position.execution_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(spelled.encode()).decode().rstrip("=")


def milliseconds_of(text: str) -> int:
    """Read a moment as ms since the epoch, rounded up: nothing is accepted within a ms.

    Raises:
        ValueError: it has another form, or is no time that the calendar has.
    """
    if not re.fullmatch(MOMENT_FORM, text, re.ASCII):
        raise _FaultyError(
            "schema", "must be a date such as 2026-11-24, or a time such as 2026-11-24T13:00:00Z, in ISO 8601"
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _FaultyError("moment", "the calendar or the clock has no such time") from None
    since_epoch = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return -(-since_epoch // timedelta(milliseconds=1))


class _FaultyError(ValueError):
    """A value that breaks its rule."""

    def __init__(self, code: Literal["schema", "moment", "cursor"], detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _unknown(query: Mapping[str, str]) -> Iterator[Fault]:
    for name in query:
        if name not in _PARAMETERS:
            yield Fault(pointer("query", name), "schema", f"unknown parameter; there are {', '.join(_PARAMETERS)}")


def _statuses(text: str) -> frozenset[Status]:
    if not re.fullmatch(STATUS_FORM, text, re.ASCII):
        raise _FaultyError("schema", f"must be one or more of {', '.join(Status)}, separated by commas")
    return frozenset(Status(name) for name in text.split(","))


def _action_id(api: GenesysApi) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not is_action_id(text):
            raise _FaultyError("schema", "must be 1 to 128 letters, digits, _ and -")
        return text.lower() if api is GenesysApi.DATA_ACTIONS else text

    return read


def _trace_id(text: str) -> str:
    if not is_uuid(text):
        raise _FaultyError("schema", NO_UUID)
    return text.lower()


def _undelivered(text: str) -> bool:
    if text != WebhookStatus.FAILED:
        raise _FaultyError("schema", "must be failed")
    return True


def _limit(text: str) -> int:
    if not re.fullmatch(LIMIT_FORM, text, re.ASCII):
        raise _FaultyError("schema", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _position(text: str) -> Position:
    if not re.fullmatch(CURSOR_FORM, text, re.ASCII):
        raise _FaultyError("schema", _NO_CURSOR)
    try:
        [created_at, execution_id] = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (ValueError, TypeError):  # no base64, no UTF-8, no JSON, or no list of two
        raise _FaultyError("cursor", _NO_CURSOR) from None
    if type(created_at) is not int or not isinstance(execution_id, str) or not _PLAIN.fullmatch(execution_id):
        raise _FaultyError("cursor", _NO_CURSOR)
    return Position(created_at, execution_id)
