"""Finds the known name that an unknown one probably means."""

import difflib
from collections.abc import Iterable

_COMPARED = 64
"""The number of characters that are compared; the time is quadratic in it."""


def likely_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest, ignoring case and punctuation; None if none is close."""
    plain = {_plain(each): each for each in known}
    closest = difflib.get_close_matches(_plain(name), plain, n=1)
    return plain[closest[0]] if closest else None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name[:_COMPARED])).casefold()
