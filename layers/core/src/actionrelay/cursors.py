"""The ``next`` of a page: the place where the next page begins, as text that needs no escaping in a URL.

A cursor is base64url (RFC 4648, section 5) without padding, of a JSON list of strings and whole numbers. It is not
signed: a made-up cursor only skips to another place of a list that the caller may read anyway.
"""

import base64
import json
import re
from collections.abc import Sequence

LONGEST_CURSOR = 2_000
"""In characters; the longest that a list returns has fewer than 400."""
CURSOR_FORM = rf"[A-Za-z0-9_-]{{1,{LONGEST_CURSOR}}}"

type Place = Sequence[str | int]


def write_cursor(place: Place) -> str:
    """Return a place as a cursor."""
    text = json.dumps(place, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Place | None:
    """Return the place that ``write_cursor`` was given; None for a text that it can't have returned.

    The list that wrote the cursor checks the values. No string in it has half a surrogate pair.
    """
    if not re.fullmatch(CURSOR_FORM, text, re.ASCII):
        return None
    try:
        place = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        place_is_text = isinstance(place, list) and all(type(value) in {str, int} for value in place)
        "".join(map(str, place if place_is_text else ())).encode()
    except (ValueError, RecursionError):  # not base64, not UTF-8, not JSON, or half a surrogate pair
        return None
    return place if place_is_text else None
