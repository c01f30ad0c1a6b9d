"""Signs webhooks and verifies their signatures. Pure.

Two schemes. Standard Webhooks 1.0.0: ``webhook-id``, ``webhook-timestamp`` (epoch seconds) and
``webhook-signature``, a space-separated list of ``v1,<base64>`` where the base64 is HMAC-SHA256 of
``id.timestamp.body``; other entries are skipped. And the hub scheme: ``X-Hub-Signature-256: sha256=<hex or
base64>``, HMAC-SHA256 of the body.

A verifier returns what it has proven, or raises :class:`~actionrelay.errors.UnauthenticWebhookError`, whose context
names the ``reason`` and the ``header``. No input makes it raise anything else. A received signature is never decoded,
but compared as text with the one correct form of each acceptable signature, so that no other form (padding,
whitespace, unused base64 bits) passes.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, override

from actionrelay.errors import UnauthenticWebhookError
from actionrelay.webhooks.keys import SigningSecret

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
HUB_HEADER = "x-hub-signature-256"

type Headers = Mapping[str, Sequence[str]]
"""Header names in any case, each with every value it came with (API Gateway's ``multiValueHeaders``)."""

# A full stop in an id would let a forger shift the parts of id.timestamp.body and keep the signature.
_ID = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(r"([A-Za-z0-9]{1,16}),([!-~]+)")
_BASE64_SHA256 = re.compile(r"[A-Za-z0-9+/]{43}=")
_HEX_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
# Enough for dozens of signatures, and a bound on what is compared.
_MAX_SIGNATURE_HEADER = 4096


# -- Signing -------------------------------------------------------------------------------------------------


class StandardWebhooks:
    """Signs the Standard Webhooks way. ``timestamp`` is the time of this attempt in epoch seconds."""

    @staticmethod
    def sign(secret: SigningSecret, webhook_id: str, timestamp: int, body: bytes) -> str:
        """Return ``v1,<base64>``.

        Raises:
            ValueError: no verifier would accept the id or the timestamp.
        """
        stamp = str(timestamp)
        if not _ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(stamp):
            raise ValueError("a webhook id is 1 to 256 visible ASCII characters but no full stop, a timestamp >= 0")
        return "v1," + _standard_signature(secret, webhook_id, stamp, body)

    @staticmethod
    def headers(secrets: Sequence[SigningSecret], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """Return the three headers, with a signature for each secret, so that receivers rotate when they like."""
        if not secrets:
            raise ValueError("at least one signing secret is needed")
        signatures = (StandardWebhooks.sign(secret, webhook_id, timestamp, body) for secret in secrets)
        return {
            ID_HEADER: webhook_id,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: " ".join(signatures),
        }


# -- Verifying -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    """What an authentic webhook proves; None where its scheme has no such field."""

    webhook_id: str | None
    timestamp: int | None


class Verifier(Protocol):
    """Decides whether a webhook is authentic."""

    def verify(self, headers: Headers, body: bytes, now: int) -> VerifiedWebhook:
        """Return what is proven about ``body`` at ``now`` (epoch seconds).

        Raises:
            UnauthenticWebhookError: it is not authentic.
        """
        ...


@dataclass(frozen=True, slots=True)
class StandardWebhooksVerifier(Verifier):
    """Accepts what any of ``secrets`` signed, at most ``tolerance_seconds`` before or after our time."""

    secrets: tuple[SigningSecret, ...]
    tolerance_seconds: int = 300

    def __post_init__(self) -> None:
        _require_secrets(self.secrets)
        if self.tolerance_seconds < 0:
            raise ValueError("the tolerance must not be negative")

    @override
    def verify(self, headers: Headers, body: bytes, now: int) -> VerifiedWebhook:
        """Check the form of all three headers, then the age, then every signature against every secret."""
        webhook_id = _only_value(headers, ID_HEADER)
        if not _ID.fullmatch(webhook_id):
            raise UnauthenticWebhookError("malformed_id", ID_HEADER)
        stamp = _only_value(headers, TIMESTAMP_HEADER)
        if not _TIMESTAMP.fullmatch(stamp):
            raise UnauthenticWebhookError("malformed_timestamp", TIMESTAMP_HEADER)
        presented = _v1_signatures(_only_value(headers, SIGNATURE_HEADER))
        age = now - int(stamp)
        if abs(age) > self.tolerance_seconds:
            raise UnauthenticWebhookError("stale" if age > 0 else "future", TIMESTAMP_HEADER)
        expected = [_standard_signature(secret, webhook_id, stamp, body) for secret in self.secrets]
        if not _any_equal(expected, presented):
            raise UnauthenticWebhookError("mismatch", SIGNATURE_HEADER)
        return VerifiedWebhook(webhook_id, int(stamp))


@dataclass(frozen=True, slots=True)
class HubSignatureVerifier(Verifier):
    """Accepts what any of ``secrets`` signed. The scheme has no time and no id, so it can't detect a replay."""

    secrets: tuple[SigningSecret, ...]

    def __post_init__(self) -> None:
        _require_secrets(self.secrets)

    @override
    def verify(self, headers: Headers, body: bytes, now: int) -> VerifiedWebhook:
        """Check the header's form, then the digest, in hex (either case) or base64, against every secret."""
        algorithm, _, digest = _only_value(headers, HUB_HEADER).partition("=")
        if algorithm != "sha256":
            raise UnauthenticWebhookError("malformed_signature", HUB_HEADER)
        macs = [_mac(secret, body) for secret in self.secrets]
        if _HEX_SHA256.fullmatch(digest):
            authentic = _any_equal([mac.hex() for mac in macs], [digest.lower()])
        elif _BASE64_SHA256.fullmatch(digest):
            authentic = _any_equal([_base64(mac) for mac in macs], [digest])
        else:
            raise UnauthenticWebhookError("malformed_signature", HUB_HEADER)
        if not authentic:
            raise UnauthenticWebhookError("mismatch", HUB_HEADER)
        return VerifiedWebhook(webhook_id=None, timestamp=None)


def _require_secrets(secrets: Sequence[SigningSecret]) -> None:
    if not secrets:
        raise ValueError("a verifier needs at least one secret")


def _only_value(headers: Headers, wanted: str) -> str:
    """The header's only value. A repeated header is refused, since others could read another of its values."""
    found: list[str] = []
    for name, values in headers.items():
        if name.lower() == wanted:
            found.extend([values] if isinstance(values, str) else values)
    if not found:
        raise UnauthenticWebhookError("missing_header", wanted)
    if len(found) > 1:
        raise UnauthenticWebhookError("repeated_header", wanted)
    return found[0]


def _v1_signatures(header: str) -> list[str]:
    """The base64 of every ``v1`` entry. Others are skipped: they may belong to a later version."""
    if len(header) > _MAX_SIGNATURE_HEADER:
        raise UnauthenticWebhookError("malformed_signature", SIGNATURE_HEADER)
    entries = [match for entry in header.split(" ") if (match := _SIGNATURE.fullmatch(entry))]
    presented = [entry[2] for entry in entries if entry[1] == "v1" and _BASE64_SHA256.fullmatch(entry[2])]
    if not presented:
        known = any(entry[1] == "v1" for entry in entries) or not entries
        raise UnauthenticWebhookError("malformed_signature" if known else "unknown_version", SIGNATURE_HEADER)
    return presented


def _any_equal(expected: Iterable[str], presented: Sequence[str]) -> bool:
    """Compare every pair, each in constant time, so that the time does not show which one matched."""
    equal = False
    for one in expected:
        for other in presented:
            equal |= hmac.compare_digest(one, other)
    return equal


def _standard_signature(secret: SigningSecret, webhook_id: str, stamp: str, body: bytes) -> str:
    return _base64(_mac(secret, f"{webhook_id}.{stamp}.".encode("ascii") + body))


def _mac(secret: SigningSecret, content: bytes) -> bytes:
    return hmac.digest(secret.key, content, "sha256")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
