"""Verifies Standard Webhooks signatures by the public rules for receivers. Pure.

Written apart from both senders, the deployment's and the simulator's, so a mistake of theirs shows here.
The signed content is `id.timestamp.body`; the header lists signatures with spaces between them, and one
that fits is enough.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum

TOLERANCE_SECONDS = 300


class Verdict(StrEnum):
    """The result of verifying a delivery's signature."""

    VALID = "valid"
    UNCHECKED = "unchecked"
    MISSING = "missing"
    MALFORMED = "malformed"
    STALE = "stale"
    WRONG = "wrong"


def secret_key(secret: str) -> bytes:
    """Return the key behind `whsec_<base64>`; raises ValueError for anything else."""
    prefix, separator, encoded = secret.partition("_")
    if prefix != "whsec" or not separator:
        msg = "a secret looks like whsec_<base64>"
        raise ValueError(msg)
    return base64.b64decode(encoded, validate=True)


def receiver_key(key: bytes, authority: str) -> bytes:
    """Return the key with which the deployment that has `key` signs to the receiver behind a `Host` header."""
    host = authority.lower().partition("]")[0].removeprefix("[") if authority.startswith("[") else authority.lower()
    name = host if ":" not in host or authority.startswith("[") else host.rpartition(":")[0]
    return hmac.new(key, f"host:{name}".encode(), hashlib.sha256).digest()


def judge(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> Verdict:
    """Return the verdict on a delivery; without keys nothing is checked. Header names are in lower case.

    `keys` are the deployment's; what is checked is the key that it makes of them for the host of this request.
    """
    if not keys:
        return Verdict.UNCHECKED
    message_id, timestamp, listed = (headers.get(f"webhook-{part}") for part in ("id", "timestamp", "signature"))
    if message_id is None or timestamp is None or listed is None:
        return Verdict.MISSING
    if not (timestamp.isascii() and timestamp.isdigit()):
        return Verdict.MALFORMED
    offered = [_decoded(entry) for entry in listed.split()]
    signatures = [signature for signature in offered if signature is not None]
    if not signatures:
        return Verdict.MALFORMED
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    expected = [
        hmac.digest(key, signed, hashlib.sha256) for key in (receiver_key(key, headers.get("host", "")) for key in keys)
    ]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        return Verdict.WRONG
    return Verdict.STALE if abs(now - int(timestamp)) > TOLERANCE_SECONDS else Verdict.VALID


def _decoded(entry: str) -> bytes | None:
    version, _, encoded = entry.partition(",")
    if version != "v1":
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
