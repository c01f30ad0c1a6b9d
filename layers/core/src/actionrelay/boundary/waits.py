"""How long a request wants to wait for an execution's end: by its query or its preference (RFC 7240)."""

import re

from actionrelay.boundary.request import HttpRequest
from actionrelay.boundary.routes import WAIT_FORM
from actionrelay.find.waiting import Wait
from actionrelay.lanes import caller_name

APPLIED = "Preference-Applied"
ANSWER_WITHIN_MS = 24_000
"""After API Gateway received the request: 20 s to wait, and 4 s for a cold start and the rest. It gives up at 29 s."""
_PREFERENCE = re.compile(
    r"""[ \t]*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)
    (?:[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,;"]*)))?
    (?:[ \t]*;(?:[^",]|"(?:[^"\\]|\\.)*")*)?
    [ \t]*(?:,|$)""",
    re.VERBOSE,
)


def asked_wait(request: HttpRequest) -> Wait | None:
    """Return what ``?wait=`` asks for. ``request_faults`` has checked its form."""
    return _wait(request, request.query.get("wait"))


def preferred_wait(request: HttpRequest) -> Wait | None:
    """Return what ``Prefer: wait=`` asks for; a preference that can't be read or kept is ignored (RFC 7240, 2).

    Several lines are one list. The first ``wait`` counts. Its name is case-insensitive, and its value may be quoted.
    """
    header, place = request.listed("Prefer"), 0
    while place < len(header) and (found := _PREFERENCE.match(header, place)):
        if found["name"].lower() == "wait":
            return _wait(request, found["plain"] or found["quoted"])
        place = found.end()
    return None


def applied(wait: Wait) -> dict[str, str]:
    """Return the header that confirms the preference."""
    return {APPLIED: f"wait={wait.milliseconds // 1_000}"}


def _wait(request: HttpRequest, seconds: str | None) -> Wait | None:
    if seconds is None or not re.fullmatch(WAIT_FORM, seconds, re.ASCII):
        return None
    answer_by = None if request.received_at is None else request.received_at + ANSWER_WITHIN_MS
    return Wait(caller_name(request.caller), int(seconds) * 1_000, answer_by)
