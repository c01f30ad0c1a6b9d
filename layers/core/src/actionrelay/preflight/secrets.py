"""Checks that the two signing secrets are usable. Pure, except for reading them.

No check repeats a part of a secret. ``checks.check_credentials`` checks the OAuth client's secret.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import SecretUnavailableError
from actionrelay.preflight_check import Check, CheckStatus
from actionrelay.webhooks.keys import SigningSecret, parse_secrets

WEBHOOK_SECRET, DELIVERY_SECRET = "webhook_secret", "delivery_secret"

_FORM = '{"secrets": ["whsec_..."]}'
_PARAMETERS = {WEBHOOK_SECRET: "WebhookSecretName", DELIVERY_SECRET: "DeliverySecretName"}


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret's name, and how to read its value; ``read`` may raise ``SecretUnavailableError``."""

    name: str
    read: Callable[[], str]


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """The secret that verifies Genesys Cloud's webhooks, and the one that signs deliveries."""

    webhook: StoredSecret
    delivery: StoredSecret

    def look(self, *, results_come_by_webhook: bool) -> dict[str, Check]:
        """Check each secret, and that they share no key."""
        held: dict[str, str] = {}
        found: dict[str, Check] = {}
        needed = {WEBHOOK_SECRET: results_come_by_webhook, DELIVERY_SECRET: False}
        for check, secret in ((WEBHOOK_SECRET, self.webhook), (DELIVERY_SECRET, self.delivery)):
            try:
                held[check] = secret.read()
            except SecretUnavailableError as error:
                found[check] = unreadable_secret(check, error, secret.name, needed=needed[check])
            else:
                found[check] = check_signing_secret(check, held[check], secret.name, needed=needed[check])
        if len(held) == len(found):
            found[DELIVERY_SECRET] = check_apart(
                found[DELIVERY_SECRET], self.delivery.name, held[WEBHOOK_SECRET], held[DELIVERY_SECRET]
            )
        return found


def check_signing_secret(name: str, stored: str, secret_name: str, *, needed: bool) -> Check:
    """Check that a stored value holds keys. Without the keys of a ``needed`` secret no execution can complete."""
    try:
        keys = parse_secrets(stored)
    except ValueError as fault:
        return Check(
            name,
            _bad(needed=needed),
            f"the secret {secret_name} holds no usable key: {fault}",
            f"Put {_FORM}, with 32 random bytes in base64 behind whsec_, into the secret {secret_name}.",
        )
    held = "a key" if len(keys) == 1 else f"{len(keys)} keys"
    return Check(name, CheckStatus.OK, f"the secret {secret_name} holds {held}")


def unreadable_secret(name: str, error: SecretUnavailableError, secret_name: str, *, needed: bool) -> Check:
    """Report that a signing secret can't be read."""
    return Check(
        name,
        _bad(needed=needed),
        error.message + (f" ({error.aws_code})" if error.aws_code else ""),
        f"Create the secret {secret_name}, which {_PARAMETERS[name]} names, in the deployment's account and region.",
    )


def check_apart(check: Check, secret_name: str, webhook: str, delivery: str) -> Check:
    """Replace the check of the delivery secret if it shares a key with the one that verifies webhooks."""
    if check.status is CheckStatus.OK and set(_keys(webhook)) & set(_keys(delivery)):
        return Check(
            check.name,
            CheckStatus.FAILED,
            f"the secret {secret_name} shares a key with the one that verifies Genesys Cloud's webhooks",
            f"Create a new key for {secret_name}: a holder of one secret could forge what the other proves.",
        )
    return check


def _keys(stored: str) -> tuple[SigningSecret, ...]:
    try:
        return parse_secrets(stored)
    except ValueError:
        return ()


def _bad(*, needed: bool) -> CheckStatus:
    return CheckStatus.FAILED if needed else CheckStatus.WARNING
