"""The ``next`` of a page: the place from which a reader goes on, as text that needs no escaping in a URL.

A cursor is base64url (RFC 4648, section 5) without padding, of a JSON list of strings and whole numbers. It is not
signed: a caller that makes one up reads on from a place of its choice, in what it may read anyway.
"""

import base64
import json
import re
from collections.abc import Sequence

LONGEST_CURSOR = 2_000
"""In characters; the longest that any list gives out has less than 400."""
CURSOR_FORM = rf"[A-Za-z0-9_-]{{1,{LONGEST_CURSOR}}}"

type Place = Sequence[str | int]


def write_cursor(place: Place) -> str:
    """Return a place as a cursor."""
    text = json.dumps(place, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Place | None:
    """Return the place that ``write_cursor`` was given; None for any text that it can't have returned.

    What the values mean is for the list that gave them out to check. None of them is half a surrogate pair.
    """
    if not re.fullmatch(CURSOR_FORM, text, re.ASCII):
        return None
    try:
        place = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        place_is_text = isinstance(place, list) and all(type(value) in {str, int} for value in place)
        "".join(map(str, place if place_is_text else ())).encode()
    except (ValueError, RecursionError):  # no base64, no UTF-8, no JSON, or half a surrogate pair
        return None
    return place if place_is_text else None
