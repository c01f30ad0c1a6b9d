"""Authentication of requests: a SigV4 signature for `execute-api`, or an API key."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from urllib.parse import quote

from actionrelay_client.errors import SettingsError
from actionrelay_client.settings import Settings

_UNRESERVED = "-_.~"
"""RFC 3986's unreserved characters besides letters and digits; SigV4 encodes all others."""


def path_of(*parts: str) -> str:
    """Return a path of these parts, each fully encoded, so that an id stays one segment."""
    return "".join("/" + quote(part, safe=_UNRESERVED) for part in parts)


def query_of(parameters: Mapping[str, object]) -> str:
    """Write a query as SigV4 signs it: every parameter but None, encoded, sorted by name.

    ``True`` and ``False`` are ``true`` and ``false``. What is sent is what is signed, so that no value is encoded in
    two ways.
    """
    encoded = (
        (quote(name, safe=_UNRESERVED), quote(_text(value), safe=_UNRESERVED))
        for name, value in parameters.items()
        if value is not None
    )
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Signer(ABC):
    """Adds authentication to a request."""

    @abstractmethod
    def headers(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        """Return the headers to send: those given, and the proof.

        Raises:
            SettingsError: there are no credentials.
        """

    def renew(self) -> bool:
        """Look for newer credentials, and say whether there may be some."""
        return False


class KeySigner(Signer):
    """An API key."""

    def __init__(self, api_key: str) -> None:
        if not api_key.isascii() or not api_key.isprintable():
            raise SettingsError("the API key holds characters that no header can carry")
        self._api_key = api_key

    def headers(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        """Add ``x-api-key``."""
        return {**headers, "x-api-key": self._api_key}


def signer_of(settings: Settings) -> Signer:
    """Return the signer for these settings.

    Raises:
        SettingsError: there are no credentials, or no region.
    """
    if settings.api_key:
        return KeySigner(settings.api_key)
    from actionrelay_client.signing_iam import IamSigner  # noqa: PLC0415 - botocore takes half a second to import

    return IamSigner(settings)
