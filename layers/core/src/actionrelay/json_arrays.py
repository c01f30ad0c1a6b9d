"""Scans JSON with a great many arrays without keeping any of them.

The standard library's scanner has a hook for objects, and none for arrays: 5 MB of brackets become 230 MB of lists that
nobody looks at. So each array is put into an object, which the hook throws away, with what is in it, as soon as it
ends. That takes four times the text, and changes nothing about what is JSON and what is not.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

_OPENING, _CLOSING = '{"":[', "]}"
_ENCODING = ("utf-8", "surrogatepass")
_STRING = re.compile(
    rb'"(?:[^"\\\[\]]++|\\[^\[\]])*+(?:"|(?P<bracket>[\[\]\\](?:[^"\\]++|\\.)*+"))',
    re.DOTALL,
)
_HIDDEN = bytes.maketrans(b"[]", b"()")
_SPACE: Any = re.compile(r"[ \t\n\r]*")
_COLON: Any = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA: Any = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")


def without_arrays(text: str) -> str:
    """Return what is JSON where ``text`` is, as deep again, and an object in place of each array.

    Characters that are not ASCII are several in it.
    """
    return _wrapped(text.encode(*_ENCODING))


def members(text: str, scan: Any) -> list[tuple[str, str]]:
    """Return an object's members, each with the text of its value, in order; ``scan`` throws objects away.

    ``text`` is sound JSON, an object.
    """
    found: list[tuple[str, str]] = []
    walk = _Walk(text.encode(*_ENCODING))
    thin = walk.thin
    position = _SPACE.match(thin, _SPACE.match(thin, 0).end() + 1).end()
    while thin[position] != "}":
        _, ends = scan(thin, position)
        key = walk.text(position, ends)
        begins = _COLON.match(thin, ends).end()
        _, ends = scan(thin, begins)
        found.append((json.loads(key), walk.text(begins, ends)))
        position = _COMMA.match(thin, ends).end()
    return found


@dataclass(slots=True)
class _Walk:
    """A way through the text without arrays, and where that is in the text with them."""

    utf8: bytes = field(repr=False)
    thin: str = field(init=False, repr=False)
    _added: int = 0
    """Characters that the way until now has more."""

    def __post_init__(self) -> None:
        self.thin = _wrapped(self.utf8)

    def text(self, begins: int, ends: int) -> str:
        """Return what was between two places; places are asked for in order."""
        first = begins - self._added
        self._added += (len(_OPENING) - 1) * self.thin.count("[", begins, ends)
        self._added += (len(_CLOSING) - 1) * self.thin.count("]", begins, ends)
        return self.utf8[first : ends - self._added].decode(*_ENCODING)


def _wrapped(utf8: bytes) -> str:
    hidden = _without_brackets_in_strings(utf8).decode("latin-1")
    return hidden.replace("[", _OPENING).replace("]", _CLOSING)


def _without_brackets_in_strings(utf8: bytes) -> bytes | bytearray:
    """Return a text of the same length in which brackets are arrays'."""
    if b'"' not in utf8:
        return utf8
    changed = bytearray(utf8)
    for string in _STRING.finditer(utf8):
        if string.lastgroup:
            begins, ends = string.span()
            changed[begins:ends] = utf8[begins:ends].translate(_HIDDEN)
    return changed
