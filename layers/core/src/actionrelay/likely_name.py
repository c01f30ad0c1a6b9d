"""Which name was probably meant, where one came that is not known."""

import difflib
from collections.abc import Iterable

_COMPARED = 64
"""Characters of a name that are compared: the time grows with their square."""


def likely_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like another one, in any case and punctuation; None where none is close."""
    plain = {_plain(each): each for each in known}
    closest = difflib.get_close_matches(_plain(name), plain, n=1)
    return plain[closest[0]] if closest else None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name[:_COMPARED])).casefold()
