"""JSON as text: repairs invalid text, finds where members begin and end, and puts raw text into a document.

It builds no objects of what it reads, so a text of 5 MB takes about its own size, and numbers keep their form.
"""

import json
import math
import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Any, Never

from actionrelay.errors import MalformedJsonError

MANY_ARRAYS = 50_000
"""Fewer take less than 5 MB while they are scanned."""


class Flaw(StrEnum):
    """A fault of JSON text that other readers refuse, or read differently."""

    BYTE_ORDER_MARK = "byte_order_mark"
    """A byte order mark before the document (RFC 8259, section 8.1: a reader may ignore it)."""
    ENCODING = "encoding"
    """Bytes that are not UTF-8. UTF-16 and UTF-32 are recognised by their zeros or their byte order mark."""
    NOT_NUMBERS = "not_numbers"
    """``NaN``, ``Infinity`` and ``-Infinity``, which many libraries write and JSON does not have."""
    HUGE_NUMBERS = "huge_numbers"
    """A number beyond the largest double, such as ``1e400``: some readers refuse the document, others read infinity."""
    HALF_PAIRS = "half_pairs"
    """One half of a surrogate pair, as an escape: UTF-8 can't encode it."""
    CONTROL_CHARACTERS = "control_characters"
    """A raw line break or another control character in a string."""


MASK = "•••"
"""Shown in place of a value that must not be seen."""


@dataclass(frozen=True, slots=True)
class RawJson:
    """JSON text that goes into a document unchanged."""

    text: str = field(repr=False)


def to_text(document: object) -> str:
    """Return a document as JSON text without spaces; a ``RawJson`` in it or in its nested objects is unchanged."""
    if isinstance(document, RawJson):
        return document.text
    if isinstance(document, Mapping):
        return "{" + ",".join(f"{_dumped(key)}:{to_text(value)}" for key, value in document.items()) + "}"
    return _dumped(document)


def members(text: str) -> dict[str, str]:
    """Return the text of each member's value of an object; of equal keys the last one counts."""
    return dict(every_member(text))


def every_member(text: str) -> list[tuple[str, str]]:
    """Return all of an object's members in order, repeated keys included, each with the text of its value.

    ``text`` is valid JSON. Return no member if it is not an object. Takes one pass.
    """
    found: list[tuple[str, str]] = []
    position = _after_space(text, 0)
    if text[position : position + 1] != "{":
        return found
    if _has_many_arrays(text):
        from actionrelay import json_arrays  # noqa: PLC0415 - hardly any text needs it

        return json_arrays.members(text, _BOUNDS.scan_once)
    position = _after_space(text, position + 1)
    scan, after_colon, after_comma = _BOUNDS.scan_once, _COLON.match, _COMMA.match
    while text[position] != "}":
        key, position = scan(text, position)
        begins = after_colon(text, position).end()
        _, ends = scan(text, begins)
        found.append((key, text[begins:ends]))
        position = after_comma(text, ends).end()
    return found


def elements(text: str) -> list[str]:
    """Return the text of each element of an array, in order; none if the text, which is valid JSON, is no array."""
    found: list[str] = []
    position = _after_space(text, 0)
    if text[position : position + 1] != "[":
        return found
    position = _after_space(text, position + 1)
    scan, after_comma = _BOUNDS.scan_once, _COMMA.match
    while text[position] != "]":
        _, ends = scan(text, position)
        found.append(text[position:ends])
        position = after_comma(text, ends).end()
    return found


def masked(text: str, names: frozenset[str]) -> str:
    """Return a document with ``MASK`` as the value of each member with one of these names, at any depth.

    ``text`` is valid JSON that nests no deeper than the interpreter follows. ``names`` are casefolded; the document's
    may be in any case. Spaces between values are removed.
    """
    if not names:
        return text

    def keep(members: list[tuple[str, object]]) -> RawJson:
        shown = ((key, MASK if key.casefold() in names else value) for key, value in members)
        return RawJson("{" + ",".join(f"{_dumped(key)}:{_rewritten(value)}" for key, value in shown) + "}")

    return _rewritten(json.loads(text, object_pairs_hook=keep, parse_float=RawJson, parse_int=RawJson))


def _rewritten(value: object) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_rewritten, value)) + "]"
    return value.text if isinstance(value, RawJson) else _dumped(value)


def outer_texts(text: str, *names: str) -> dict[str, str]:
    """Return those of an object's members that are strings, from a document that may be cut off or nest too deep.

    The first of each name counts. Takes one pass over strings and runs of brackets, for documents that ``members``
    can't read.
    """
    found: dict[str, str] = {}
    if text.lstrip()[:1] != "{":
        return found
    wanted = {f'"{name}"': name for name in names}
    depth = 0
    for token in _OUTER.finditer(text):
        kind = token.lastgroup
        if kind == "opens":
            depth += token.end() - token.start()
        elif kind == "closes":
            depth -= token.end() - token.start()
        elif depth == 1 and kind == "value" and (name := wanted.pop(token["key"], None)):
            found[name] = str(json.loads(sound(token["value"])[0]))
            if not wanted:
                break
    return found


def nesting(text: str) -> int:
    """Return how deep brackets nest outside of strings; 0 for a scalar. Takes one pass."""
    brackets = _STRING.sub("", text).encode().translate(_STEPS, delete=_NO_BRACKETS)
    return max(accumulate(array("b", brackets)), default=0)


def sound(text: str) -> tuple[str, frozenset[Flaw]]:
    """Return a document with its flaws repaired, and the flaws. Everything else is unchanged.

    Half of a surrogate pair becomes U+FFFD. A number that others can't read becomes a string of the same characters,
    as protobuf's JSON has it for ``NaN``: ``"NaN"``, ``"1e400"``. A raw control character becomes its escape.

    Raises:
        MalformedJsonError: it is not JSON, apart from flaws, or nests deeper than the interpreter follows.
    """
    try:
        if not _MAYBE_HALF.search(text):
            _check(text)
            return text, frozenset()
    except MalformedJsonError:
        pass
    mended, flaws = _mended(text)
    _check(mended)
    return mended, flaws


def _check(text: str) -> None:
    has_many_arrays = _has_many_arrays(text)
    if has_many_arrays:
        from actionrelay import json_arrays  # noqa: PLC0415 - hardly any text needs it

        text = json_arrays.without_arrays(text)
    try:
        _SOUND.decode(text)
    except json.JSONDecodeError as error:
        place = "" if has_many_arrays else f" at line {error.lineno}, column {error.colno}"
        raise MalformedJsonError(error.msg + place) from None
    except RecursionError:
        raise MalformedJsonError("nested too deep to be read") from None


def _has_many_arrays(text: str) -> bool:
    """Return whether a text may have so many arrays that their lists would take much memory."""
    return text.count("[") > MANY_ARRAYS


def _mended(text: str) -> tuple[str, frozenset[Flaw]]:
    flaws: set[Flaw] = set()

    def mend(token: re.Match[str]) -> str:
        form = token[0]
        if form[0] == '"':
            return _ESCAPE.sub(mend_character, form) if _MAYBE_FLAWED.search(form) else form
        if form[-1] in "Ny":
            flaws.add(Flaw.NOT_NUMBERS)
        elif _beyond_double(form):
            flaws.add(Flaw.HUGE_NUMBERS)
        else:
            return form
        return f'"{form}"'

    def mend_character(escape: re.Match[str]) -> str:
        if escape["half"]:
            flaws.add(Flaw.HALF_PAIRS)
            return "\\ufffd"
        if escape["control"]:
            flaws.add(Flaw.CONTROL_CHARACTERS)
            return f"\\u{ord(escape[0]):04x}"
        return escape[0]

    return _TOKEN.sub(mend, text), frozenset(flaws)


def _not_json(constant: str) -> Never:
    raise json.JSONDecodeError(f"{constant} is not JSON", constant, 0)


def _holdable(form: str) -> int:
    """Refuse a number beyond the largest double; the value of other numbers is not needed."""
    if len(form) > _ALWAYS_HELD and _beyond_double(form):
        raise json.JSONDecodeError("a number is too large for a double", form, 0)
    return 0


# Values are discarded at once: an object with all its contents becomes one small number.
_SOUND: Any = json.JSONDecoder(
    object_pairs_hook=len, parse_float=_holdable, parse_int=_holdable, parse_constant=_not_json
)
_BOUNDS: Any = json.JSONDecoder(object_pairs_hook=len, parse_float=len, parse_int=len, parse_constant=len)
"""For text that is known to be valid: numbers need no Python call."""
_SPACE = re.compile(r"[ \t\n\r]*")
_COLON: Any = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA: Any = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[{]}")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # 1 down and 1 up, as signed bytes
_OUTER = re.compile(
    r'(?P<key>"(?:[^"\\]++|\\.)*+")(?:\s*+:\s*+(?P<value>"(?:[^"\\]++|\\.)*+"))?|(?P<opens>[\[{]++)|(?P<closes>[\]}]++)',
    re.DOTALL,
)
_MAYBE_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_MAYBE_FLAWED = re.compile(r"\\u[dD][89a-fA-F]|[\x00-\x1f]")
_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"|-?Infinity|NaN|-?(?:[0-9]++(?:\.[0-9]++)?[eE][+-]?[0-9]++|[0-9]{309,}+(?:\.[0-9]++)?)',
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.|(?P<control>[\x00-\x1f])",
    re.DOTALL,
)
_LARGEST_EXPONENT = 308
_ALWAYS_HELD = 4
"""A number of this many characters, such as ``9e99``, is never beyond a double."""
_EXPONENT_DIGITS = 9
"""Enough: no text has so many digits that they could make up for a larger exponent."""


def _beyond_double(form: str) -> bool:
    """Return whether a number is too large for a double, in linear time."""
    if len(form) <= _LARGEST_EXPONENT:
        return math.isinf(float(form))
    mantissa, _, exponent = form.lower().removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return False
    sign, size = (-1, exponent[1:]) if exponent.startswith("-") else (1, exponent.removeprefix("+"))
    power = sign * int((size.lstrip("0") or "0")[:_EXPONENT_DIGITS])
    magnitude = len(digits) - len(fraction) - 1 + power
    if magnitude == _LARGEST_EXPONENT:
        return float(f"{digits[0]}.{digits[1:40]}0e{_LARGEST_EXPONENT}") == float("inf")
    return magnitude > _LARGEST_EXPONENT


def _after_space(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()  # type: ignore[union-attr]  # it matches everywhere


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
