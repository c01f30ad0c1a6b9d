"""Use case: return the keys with which a receiver verifies our webhooks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from actionrelay.errors import DeliveryRefusedError, InvalidRequestError
from actionrelay.fault import Fault
from actionrelay.strict_json import Json, as_json
from actionrelay.webhooks.keys import SigningSecret, keys_of_receiver
from actionrelay.webhooks.targets import read_host

_HOST = "/query/host"


class ReceiverKeysDocument(TypedDict):
    """The keys with which a receiver verifies our webhooks."""

    host: str
    """The host that they are derived from: lower case, without port, brackets and a final dot."""
    keys: list[str]
    """``whsec_`` and base64, one for each of the deployment's secrets, the current one first; any may have signed."""


@dataclass(frozen=True, slots=True)
class ReadReceiverKeys:
    """Derives a receiver's keys from the deployment's secrets and the host; nothing is stored."""

    secrets: Callable[[], tuple[SigningSecret, ...]]
    """The deployment's own; raises ``SecretUnavailableError``."""

    def read(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return ``{host, keys}`` for the query's ``host``, the host of a webhook URL.

        Raises:
            InvalidRequestError: it is missing, or not just a host.
            SecretUnavailableError: the deployment's secret can't be read, or holds no usable key.
        """
        given = query.get("host")
        if given is None:
            raise InvalidRequestError((Fault(_HOST, "schema", "the query parameter host is missing"),))
        try:
            host = read_host(given)
        except DeliveryRefusedError:
            detail = "must be only the host of a webhook URL: a name or an address, without scheme, port and path"
            raise InvalidRequestError((Fault(_HOST, "webhook_url", detail),)) from None
        document: ReceiverKeysDocument = {
            "host": host,
            "keys": [key.text for key in keys_of_receiver(self.secrets(), host)],
        }
        return as_json(document)
