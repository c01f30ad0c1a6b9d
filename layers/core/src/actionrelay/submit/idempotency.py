"""The ``Idempotency-Key`` header: another way to name an execution."""

import re
import uuid

from actionrelay.ids import is_uuid
from actionrelay.lanes import without_session

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:actionrelay:idempotency-key")
"""The namespace of execution ids that are derived from keys. It never changes, so that repeats find their execution."""
KEY_FORM = r"[!-~]{1,255}"
"""Visible ASCII characters (RFC 5234, ``VCHAR``)."""


def read_key(header: str) -> str | None:
    """Read the header, bare or as a quoted string (the IETF draft's form); None where it holds no key."""
    key = header.strip(" \t")
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    return key if re.fullmatch(KEY_FORM, key) else None


def execution_id(key: str, caller: str | None) -> str:
    """Return the execution id for a key: the key if it is a UUID, else the UUIDv5 of caller and key.

    So two callers that both use order numbers never get each other's executions. All sessions of a role are one caller,
    since a program that restarts has another session and sends the same keys.
    """
    if is_uuid(key):
        return key.lower()
    return str(uuid.uuid5(NAMESPACE, f"{without_session(caller or '')}\n{key}"))
