"""Webhook keys: how a stored secret is read, and the key that each receiver gets. Pure.

A stored text is read as it was meant, or refused with the reason. It is never read as another key:

=========================================================  ==============================================
stored                                                     read as
=========================================================  ==============================================
``{"secrets": [..]}``, ``{"secrets": ".."}``, a list, a    its entries, the current one first
JSON text, or one entry alone
a byte order mark, white space, zero-width characters      without them, around the whole and around each
``whsec_`` and base64, padded or not                       the bytes behind it
``v1,whsec_..``                                            the same: ``v1,`` is how signatures are written
any other text of visible characters and spaces            its UTF-8 bytes
``whsk_``, ``whpk_`` (asymmetric)                          refused
``whsec`` in another place or case, quotes around it       refused
other base64 than the standard alphabet's                  refused
a control or an invisible character within                 refused: another encoding, or a broken line
less than 24 bytes, more than 10 keys, a name twice        refused
=========================================================  ==============================================
"""

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

SECRET_PREFIX = "whsec_"  # noqa: S105 - what marks a secret, not one
MIN_KEY_BYTES = 24
"""The shortest key that Standard Webhooks allows: 192 bits."""
MAX_KEYS = 10
"""Enough for any rotation, and a bound on what verifying one webhook costs."""

_ASYMMETRIC_PREFIXES = ("whsk_", "whpk_")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A shared key of at least one byte. ``repr`` leaves it out, so it can't reach a log that way."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a signing secret must not be empty")

    @property
    def text(self) -> str:
        """The secret in the form that receivers get: ``whsec_`` and base64."""
        return SECRET_PREFIX + base64.b64encode(self.key).decode("ascii")


def key_of_receiver(secret: SigningSecret, host: str) -> SigningSecret:
    """Derive the key that signs webhooks to ``host``: a name or an address in lower case, without brackets and port.

    It is HMAC-SHA256 of ``host:`` and the host, under the deployment's key. No receiver can compute another one's.
    """
    return SigningSecret(hmac.digest(secret.key, b"host:" + host.encode("ascii"), "sha256"))


def keys_of_receiver(secrets: Sequence[SigningSecret], host: str) -> tuple[SigningSecret, ...]:
    """The receiver's key for each of the deployment's secrets, in their order."""
    return tuple(key_of_receiver(secret, host) for secret in secrets)


def parse_secrets(stored: str) -> tuple[SigningSecret, ...]:
    """Read a stored value by the table above: at least one secret, the current one first.

    Raises:
        ValueError: it holds no secret, or an unusable one. The message says why and quotes nothing of the value.
    """
    text = _trimmed(stored)
    if not text:
        raise ValueError("it is empty, or binary")
    entries = _listed(text) if text[0] in '{["' else [text]
    if len(entries) > MAX_KEYS:
        raise ValueError(f"it has more than {MAX_KEYS} keys")
    return tuple(parse_secret(entry) for entry in entries)


def _listed(text: str) -> list[str]:
    try:
        document = json.loads(text, object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError):
        document = None
    if document is None:
        raise ValueError("it begins like JSON but is not valid, or repeats a name")
    if isinstance(document, dict):
        document = document.get("secrets")
    entries = [document] if isinstance(document, str) else document
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, str) for entry in entries):
        raise ValueError('it is JSON without a key; expected {"secrets": ["whsec_..."]}')
    return entries


def _each_name_once(members: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(members)) < len(members):
        raise ValueError
    return dict(members)


def parse_secret(entry: str) -> SigningSecret:
    """Read one key by the table above.

    Raises:
        ValueError: it is not a key. The message says why and quotes nothing of it.
    """
    text = _trimmed(entry)
    text = text.removeprefix("v1,") if text.startswith("v1," + SECRET_PREFIX) else text
    if not text:
        raise ValueError("a key is empty")
    if not text.isprintable():
        raise ValueError("a key has a control or an invisible character in it")
    if text.startswith(_ASYMMETRIC_PREFIXES):
        raise ValueError("asymmetric webhook keys (whsk_, whpk_) are not supported; use a whsec_ secret")
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        raise ValueError("a key has quotes around it")
    encoded = text.removeprefix(SECRET_PREFIX)
    if "whsec" in encoded.lower():
        raise ValueError("whsec_ may be in a key only once, at its beginning and in lower case")
    key = _decoded(encoded) if encoded != text else text.encode()
    if key is None:
        raise ValueError("what follows whsec_ is not base64")
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"a key has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed")
    return SigningSecret(key)


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:  # not passed on: it quotes the secret
        return None


def _trimmed(text: str) -> str:
    before = None
    while text != before:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text
