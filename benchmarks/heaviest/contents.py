"""Contents that weigh most for their bytes, each in another way."""

import base64
import random

MB = 1_024 * 1_024
_DEEP = 60
"""Levels; 100 are allowed."""


def nested_lists(size: int) -> str:
    """Return lists in lists: 2 bytes for each list, and 88 for its object."""
    unit = "[" * _DEEP + "]" * _DEEP
    return _repeated(unit, size)


def nested_objects(size: int) -> str:
    """Return objects in objects: 5 bytes for each object, and 184 or more for what is made of it."""
    unit = '{"":' * _DEEP + "1" + "}" * _DEEP
    return _repeated(unit, size)


def flat_objects(size: int) -> str:
    """Return empty objects, 3 bytes each: the most values of which none nests."""
    return _repeated("{}", size)


def wide_text(size: int) -> str:
    """Return a text with one character beyond the basic plane, so that each of the others takes 4 bytes in memory.

    What else is in it can't be compressed to much less.
    """
    letters = base64.b64encode(random.Random(size).randbytes(size * 3 // 4 - 64)).decode()
    return f'{{"\N{GRINNING FACE}":"{letters[: size - 16]}"}}'


def _repeated(unit: str, size: int) -> str:
    return "[" + (unit + ",") * ((size - 3) // (len(unit) + 1)) + "0]"
