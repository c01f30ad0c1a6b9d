"""JSON for people: what fits stays on one line, the rest is opened up. Pure."""

import json
from typing import Any

INDENT = 2


def wrapped(value: Any, width: int, *, taken: int = 0, indent: int = 0) -> str:
    """Format a JSON value in lines of at most `width` characters, where its strings allow that.

    `taken` is what the first line already holds, `indent` where the last one closes.
    """
    line = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list) or taken + len(line) <= width:
        return line
    inner = indent + INDENT
    members = []
    for name, member in value.items() if isinstance(value, dict) else ((None, member) for member in value):
        label = "" if name is None else f"{json.dumps(name, ensure_ascii=False)}: "
        # One more for the comma after it.
        text = wrapped(member, width, taken=inner + len(label) + 1, indent=inner)
        members.append(f"{' ' * inner}{label}{text}")
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join((opening, ",\n".join(members), " " * indent + closing))
