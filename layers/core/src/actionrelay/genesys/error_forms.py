"""The forms of a code and an id in a foreign error. Only values of these forms are logged and audited.

Genesys Cloud, and the system behind an action, may repeat inputs anywhere in an error. Its message goes only into the
execution's ``error``, never into a log, metric or audit entry.
"""

import re
from typing import Any

ACTION_FAILED = "action_failed"
"""The code of a failure that was reported without one."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:=+/-]{0,127}")


def as_code(value: Any) -> str | None:
    """Return a code or a name, such as ``too.many.requests.retry.after``; None for anything else."""
    return _formed(_CODE, value)


def as_id(value: Any) -> str | None:
    """Return a correlation id; None for anything else."""
    return _formed(_ID, value)


def _formed(form: re.Pattern[str], value: Any) -> str | None:
    text = str(value) if type(value) in {str, int} else ""
    return text if form.fullmatch(text) else None
