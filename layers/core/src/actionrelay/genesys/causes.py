"""The message of an error: its outermost text and what that wraps, down to the cause.

Genesys Cloud wraps the error of the system behind an action: in ``errors[]``, in ``details[]``, in a member of another
error, or as JSON within a message, in either dialect. ``Internal Server Error`` by itself does not help a caller.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MESSAGE_LENGTH = 2_000
"""Characters of a message. If it does not fit, the innermost cause is kept first."""
MAX_VISITED = 200
"""Objects, lists and texts of one error that are read."""
MAX_WRAPPINGS = 12
"""Levels of wrapping that are read."""
_WORDS = (
    *("message", "userMessage", "messageWithParams", "errorMessage", "error_description", "description"),
    *("detail", "details", "reason", "title", "error", "cause"),
)
_NAMES = ("errorCode", "code")
_HALVES = re.compile("[\ud800-\udfff]")
_WITHIN = json.JSONDecoder(strict=False)
_ASIDE = frozenset({"limit", "messageParams", "userParams", "params", "entityId", "entityName", "contextId"})


def message_of(document: Any) -> str:
    """Return an error's message, from the outside in, in at most ``MESSAGE_LENGTH`` characters; empty if it has none.

    A text that is part of another one is left out.
    """
    said = list(_said(document))
    if not said:
        return ""
    kept: list[str] = []
    for _, text in said:
        if not any(text in other for other in kept):
            kept.append(text)
    whole = ": ".join(kept)
    if len(whole) <= MESSAGE_LENGTH:
        return whole
    _, cause = max(said, key=lambda each: each[0])
    cause = cause[:MESSAGE_LENGTH]
    left = MESSAGE_LENGTH - len(cause) - 2
    return f"{whole[:left]}: {cause}" if left > 0 else cause


def _said(document: Any) -> Iterator[tuple[int, str]]:
    """Yield the texts of an error in reading order, each with its depth. Reads at most ``MAX_VISITED`` values."""
    pending: list[tuple[int, Any]] = [(0, document)]
    for _ in range(MAX_VISITED):
        if not pending:
            return
        depth, value = pending.pop()
        words, inner = _parted(value)
        yield from ((depth, text) for text in words)
        if depth < MAX_WRAPPINGS:
            pending.extend((depth + 1, each) for each in reversed(inner[:MAX_VISITED]))


def _parted(value: Any) -> tuple[list[str], list[Any]]:
    """Split a value into its own text and what it wraps. An object without a text has its code instead."""
    if isinstance(value, Mapping):
        found = [(name, text) for name in _WORDS if (text := _text(value.get(name)))]
        inner = [part for name, part in value.items() if name not in _ASIDE and isinstance(part, Mapping | list)]
        inner += [part for _, text in found for part in _json_within(text)]
        words = [text for _, text in found[:1]] or [text for name in _NAMES if (text := _text(value.get(name)))][:1]
        return words, inner
    if isinstance(value, list):
        return [], value
    text = _text(value) if isinstance(value, str) else ""
    return ([text], _json_within(text)) if text else ([], [])


def _json_within(text: str) -> list[Any]:
    """Return the first object or list that a text contains as JSON."""
    begins = min((place for place in (text.find("{"), text.find("[")) if place >= 0), default=-1)
    if begins < 0:
        return []
    try:
        document, _ = _WITHIN.raw_decode(text, begins)
    except (ValueError, RecursionError):
        return []
    return [document]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _HALVES.sub("\ufffd", str(value)).strip()
