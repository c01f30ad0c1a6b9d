"""Reads what an authentic webhook reports: which execution ended, and how. Nothing else makes it invalid.

A text that is too long is cut, a value of an unusual type is read as what it most likely means, and unknown members are
ignored. ``foreign_json.REPORT`` says how flaws in its JSON are treated.
"""

import json
from dataclasses import dataclass, field

from actionrelay.errors import InvalidRequestError, MalformedJsonError, PayloadTooLargeError
from actionrelay.fault import Fault
from actionrelay.foreign_json import ERROR, REPORT, TooLongError, decoded, read, read_text
from actionrelay.genesys.error_answers import UNSAID, read_reported_error
from actionrelay.ids import LONGEST_ID, could_be_recorded
from actionrelay.json_text import every_member, outer_texts
from actionrelay.ledger.execution import ExecutionError, Status, result_unreadable
from actionrelay.strict_json import NestingTooDeepError, pointer

_SPACE = " \t\n\r"
_STATUSES = {Status.COMPLETED.value: Status.COMPLETED, Status.FAILED.value: Status.FAILED}


@dataclass(frozen=True, slots=True)
class ReportedEnd:
    """An execution's end as its webhook reports it. ``result`` is the JSON text as received; None for null."""

    execution_id: str
    status: Status
    result: bytes | None = field(default=None, repr=False)
    error: ExecutionError | None = None
    mended: tuple[str, ...] = ()


def read_report(body: bytes, charset: str | None = None) -> ReportedEnd:
    """Read the body of an authentic webhook; ``charset`` is the one that its sender named.

    Raises:
        PayloadTooLargeError: longer than ``foreign_json.REPORT`` allows.
        InvalidRequestError: not a JSON object, or it does not say which execution ended how.
    """
    try:
        document = read_text(body, REPORT, charset)
    except TooLongError as error:
        raise PayloadTooLargeError(f"the body has {len(body)} bytes: {error.message}") from None
    except NestingTooDeepError as deep:
        return _unfollowed(decoded(body, charset)[0], deep.message)
    except MalformedJsonError as error:
        raise InvalidRequestError((Fault("", "malformed_json", error.message),)) from None
    if document.text.lstrip(_SPACE)[:1] != "{":
        raise InvalidRequestError((Fault("", "schema", "must be an object"),))
    every = every_member(document.text)
    parts = dict(every)
    if ambiguous := [name for name in ("executionId", "status") if len({raw for key, raw in every if key == name}) > 1]:
        raise InvalidRequestError(tuple(Fault(pointer(name), "schema", "is given twice") for name in ambiguous))
    execution_id, status = _subject(_text(parts.get("executionId")), _text(parts.get("status")))
    if status is Status.FAILED:
        return ReportedEnd(execution_id, status, error=_error(parts.get("error")))
    result = parts.get("result", "null")
    mended = tuple(sorted(document.flaws))
    return ReportedEnd(execution_id, status, None if result == "null" else result.encode(), mended=mended)


def _unfollowed(text: str, reason: str) -> ReportedEnd:
    """Read the outermost level of a report that nests too deep."""
    outer = outer_texts(text, "executionId", "status")
    execution_id, status = _subject(outer.get("executionId"), outer.get("status"))
    error = UNSAID if status is Status.FAILED else result_unreadable(reason)
    return ReportedEnd(execution_id, status, error=error)


def _subject(execution_id: str | None, status: str | None) -> tuple[str, Status]:
    named = (execution_id or "").strip()
    ended = _STATUSES.get(status or "")
    faults = []
    if not could_be_recorded(named):
        faults.append(Fault("/executionId", "schema", f"must be the id of an execution, 1 to {LONGEST_ID} characters"))
    if ended is None:
        faults.append(Fault("/status", "schema", "must be completed or failed"))
    if faults or ended is None:
        raise InvalidRequestError(tuple(faults))
    return named.lower(), ended


def _text(raw: str | None) -> str | None:
    return str(json.loads(raw)) if raw is not None and raw[0] == '"' else None


def _error(raw: str | None) -> ExecutionError:
    """Read why it failed; ``UNSAID`` for an error that can't be read."""
    try:
        return read_reported_error(read((raw or "null").encode(), ERROR))
    except MalformedJsonError:
        return UNSAID
