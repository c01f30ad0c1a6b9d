"""The parameters of the list of executions: filters, the size of a page, and the position after which it begins.

All faults of a query string are reported together, like those of a body.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actionrelay.cursors import CURSOR_FORM, read_cursor, write_cursor
from actionrelay.find.ports import Position
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ids import NO_UUID, is_action_id, is_uuid
from actionrelay.ledger.execution import INDEXED_ENDS, Execution, Status, WebhookStatus
from actionrelay.pages import DEFAULT_LIMIT, FaultyValueError, Parameters, limit_of, milliseconds_of, several_of

ERROR_CODE_FORM = r"[!-~]{1,128}"
ID_PART_FORM = r"[0-9A-Fa-f-]{6,36}"
"""Any part of a UUID."""

_NO_CURSOR = "must be the next of a page before"
_PLAIN = re.compile(r"[!-~]{0,128}", re.ASCII)
_WITH_CODE = frozenset({Status.FAILED, Status.UNKNOWN})
"""The statuses that have an error. A completed execution rarely has one, and is only found by its status."""


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """Which executions to list, how many at most, and after which position."""

    statuses: frozenset[Status] = frozenset()
    """Any of them; none named means all."""
    action_id: str | None = None
    since: int | None = None
    """The first moment, in ms; inclusive."""
    until: int | None = None
    """In ms; exclusive."""
    trace_id: str | None = None
    webhook_statuses: frozenset[WebhookStatus] = frozenset()
    """Any of them; none named means all."""
    error_code: str | None = None
    id_part: str | None = None
    """A part of the execution's id or of its trace id."""
    limit: int = DEFAULT_LIMIT
    after: Position | None = None
    """The last position that the previous page has read."""

    @property
    def undelivered(self) -> bool:
        """Whether it only asks for executions whose delivery was given up."""
        return self.webhook_statuses == {WebhookStatus.FAILED}

    @property
    def named(self) -> str | None:
        """The whole id, of an execution or a trace, that leads to everything asked for; None without one."""
        return self.trace_id or (self.id_part if self.id_part and is_uuid(self.id_part) else None)

    @property
    def is_of_trouble(self) -> bool:
        """Whether it only asks for what needs attention, which excludes acknowledged executions."""
        return self.undelivered or (bool(self.statuses) and self.statuses <= INDEXED_ENDS)

    def wants(self, execution: Execution) -> bool:
        """Whether it asks for an execution in its current state; an index may return one that has changed since."""
        return (
            (not self.statuses or execution.status in self.statuses)
            and self.action_id in {None, execution.action_id}
            and self.trace_id in {None, execution.trace_id}
            and (not self.webhook_statuses or execution.delivery.status in self.webhook_statuses)
            and self.error_code in {None, _error_code(execution)}
            and (self.id_part is None or self.id_part in execution.execution_id or self.id_part in execution.trace_id)
            and not (execution.acknowledged and self.is_of_trouble)
        )


def read_question(
    query: Mapping[str, str], api: GenesysApi, place: str = "query", known: tuple[str, ...] | None = None
) -> ListQuestion:
    """Read parameters, each by its own rule; ``place`` is where they come from, for the pointers of faults.

    ``known`` are the allowed ones; None if that has been checked already, as for every query.

    Raises:
        InvalidRequestError: with every fault.
    """
    parameters = Parameters(query, place)
    read = parameters.read
    error_code = read("errorCode", _formed(ERROR_CODE_FORM, "must be 1 to 128 visible ASCII characters"), None)
    question = ListQuestion(
        statuses=read("status", several_of(Status), _WITH_CODE if error_code else frozenset()),
        action_id=read("actionId", _action_id(api), None),
        since=read("from", milliseconds_of, None),
        until=read("to", milliseconds_of, None),
        trace_id=read("traceId", _trace_id, None),
        webhook_statuses=read("webhookStatus", several_of(WebhookStatus), frozenset()),
        error_code=error_code,
        id_part=read("id", _id_part, None),
        limit=read("limit", limit_of, DEFAULT_LIMIT),
        after=read("next", _position, None),
    )
    if question.since is not None and question.until is not None and question.until < question.since:
        parameters.fault("to", "must not be before from")
    for name in query:
        if known is not None and name not in known:
            parameters.fault(name, f"unknown parameter; there are {', '.join(known)}")
    parameters.require_sound()
    return question


def cursor(position: Position) -> str:
    """Return the ``next`` of a page that ends at a position."""
    return write_cursor([position.created_at, position.execution_id])


def _error_code(execution: Execution) -> str | None:
    return execution.outcome.error.code if execution.outcome and execution.outcome.error else None


def _formed(form: str, detail: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(form, text, re.ASCII):
            raise FaultyValueError("schema", detail)
        return text

    return read


def _action_id(api: GenesysApi) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not is_action_id(text):
            raise FaultyValueError("schema", "must be 1 to 128 letters, digits, _ and -")
        return text.lower() if api is GenesysApi.DATA_ACTIONS else text

    return read


def _trace_id(text: str) -> str:
    if not is_uuid(text):
        raise FaultyValueError("schema", NO_UUID)
    return text.lower()


def _id_part(text: str) -> str:
    return _formed(ID_PART_FORM, "must be 6 to 36 characters of an id: 0 to 9, a to f and -")(text).lower()


def _position(text: str) -> Position:
    if not re.fullmatch(CURSOR_FORM, text, re.ASCII):
        raise FaultyValueError("schema", _NO_CURSOR)
    match read_cursor(text):
        case [int(created_at), str(execution_id)] if _PLAIN.fullmatch(execution_id):
            return Position(created_at, execution_id)
    raise FaultyValueError("cursor", _NO_CURSOR)
