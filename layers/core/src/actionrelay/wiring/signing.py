"""The stored secrets that sign webhooks."""

from actionrelay.aws.secret import NamedSecret
from actionrelay.errors import SecretUnavailableError
from actionrelay.webhooks.keys import SigningSecret, parse_secrets


def signing_secrets(secret: NamedSecret) -> tuple[SigningSecret, ...]:
    """Read the keys of a secret.

    Raises:
        SecretUnavailableError: it can't be read, or holds no usable key.
    """
    try:
        return parse_secrets(secret.value())
    except ValueError as error:
        raise SecretUnavailableError(f"the secret {secret.name} holds no usable signing secret: {error}") from None
