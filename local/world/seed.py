"""The three secrets that the template expects, created for each world."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.world.emulator import Account

_SECRET_BYTES = 32


def signing_secret() -> str:
    """Return a signing secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")


@dataclass(frozen=True, slots=True)
class WorldSecrets:
    """What the deployed stack shares with Genesys Cloud and with the receivers of its webhooks."""

    client_id: str = "local-client"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(_SECRET_BYTES), repr=False)
    webhook: str = field(default_factory=signing_secret, repr=False)
    delivery: str = field(default_factory=signing_secret, repr=False)


def seed(account: Account, made: WorldSecrets, parameters: Mapping[str, str]) -> None:
    """Put the secrets into Secrets Manager under the stack's names."""
    manager = account.session().client("secretsmanager", endpoint_url=account.endpoint)
    client = {"clientId": made.client_id, "clientSecret": made.client_secret}
    contents: dict[str, dict[str, object]] = {
        parameters.get("GenesysSecretName", "actionrelay/genesys"): {**client},
        parameters.get("WebhookSecretName", "actionrelay/webhook"): {"secrets": [made.webhook]},
        parameters.get("DeliverySecretName", "actionrelay/delivery"): {"secrets": [made.delivery]},
    }
    for name, content in contents.items():
        manager.create_secret(Name=name, SecretString=json.dumps(content))
