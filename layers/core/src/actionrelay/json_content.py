"""One form of a JSON text's content, for the hashes that identify content, cache entries and results (ADR 11)."""

from decimal import Decimal, InvalidOperation

import jiter

from actionrelay.strict_json import Json, canonical

_ALIKE = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG_NUMBER = b"0" * 16
"""A double holds every number of 15 digits; a point may be one more character."""
_TINY_EXPONENT = b"e-000"
"""Below 1e-307 a double holds fewer digits, and finally none."""


def content_form(document: Json, text: bytes) -> bytes:
    """Return the one form of a document that was read from ``text``; it is lossless.

    It is ``canonical``, followed by each number that a double can't hold, with its place and its literal: numbers that
    round to the same double stay different. Most texts can't have any, and are not read again.
    """
    alike = text.translate(_ALIKE)
    return _with_all_digits(text) if _LONG_NUMBER in alike or _TINY_EXPONENT in alike else canonical(document)


def content_form_of(text: bytes) -> bytes:
    """Return the form of a valid JSON text; of equal keys the last one counts."""
    return content_form(jiter.from_json(text, cache_mode="none"), text)


def _with_all_digits(text: bytes) -> bytes:
    beyond: list[str] = []
    place = 0

    def double_of(number: jiter.LosslessFloat) -> float:
        nonlocal place
        place += 1
        literal = str(number)
        double = float(literal)
        if not _holds(double, literal):
            beyond.append(f"{place}:{literal}")
        return double

    document = jiter.from_json(text, float_mode="lossless-float", cache_mode="none")
    form = canonical(document, double_of)
    # A canonical form has no line break.
    return b"%s\n%s" % (form, ",".join(beyond).encode()) if beyond else form


def _holds(double: float, literal: str) -> bool:
    try:
        return Decimal(repr(double)) == Decimal(literal)
    except InvalidOperation:  # an exponent beyond the limits of decimals
        return False
