"""The ``Idempotency-Key`` header: another way to name an execution."""

import re
import uuid

from actionrelay.ids import is_uuid
from actionrelay.lanes import without_session

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:actionrelay:idempotency-key")
"""Of the execution ids that are made of keys. It never changes: a repeat after an upgrade finds the same execution."""
KEY_FORM = r"[!-~]{1,255}"
"""Visible ASCII characters (RFC 5234, ``VCHAR``)."""


def read_key(header: str) -> str | None:
    """Read the header, bare or as a quoted string (the IETF draft's form); None where it holds no key."""
    key = header.strip(" \t")
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    return key if re.fullmatch(KEY_FORM, key) else None


def execution_id(key: str, caller: str | None) -> str:
    """Return the execution id of a key: a UUID is one; any other is the UUIDv5 of its caller and it.

    So two callers who both number their orders meet no execution of each other's. The sessions of one role are one
    caller, since a program that is started again has another session and repeats the same keys.
    """
    if is_uuid(key):
        return key.lower()
    return str(uuid.uuid5(NAMESPACE, f"{without_session(caller or '')}\n{key}"))
