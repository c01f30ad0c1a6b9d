"""What a code and an id of a foreign error look like: these alone are logged and audited.

Genesys Cloud, and the system behind an action, may repeat what was sent to them anywhere in an error, inputs included.
Its message goes into the execution's ``error`` and into no log, metric or audit entry; what these have has to look like
what it should be.
"""

import re
from typing import Any

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:=+/-]{0,127}")


def as_code(value: Any) -> str | None:
    """Return a code or a name, such as ``too.many.requests.retry.after``; None for what is none."""
    return _formed(_CODE, value)


def as_id(value: Any) -> str | None:
    """Return a correlation id; None for what is none."""
    return _formed(_ID, value)


def _formed(form: re.Pattern[str], value: Any) -> str | None:
    text = str(value) if type(value) in {str, int} else ""
    return text if form.fullmatch(text) else None
