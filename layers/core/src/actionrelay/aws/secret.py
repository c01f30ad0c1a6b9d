"""Secrets by name from Secrets Manager. They are read again after a minute, so a rotation needs no deployment."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actionrelay.aws.clients import failures_as
from actionrelay.errors import SecretUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEEP_SECONDS = 60.0
_NEVER = float("-inf")


@dataclass(slots=True)
class NamedSecret:
    """The current value of one secret."""

    client: "SecretsManagerClient"
    name: str
    _value: str = field(default="", repr=False)
    _read_at: float = field(default=_NEVER, repr=False)

    def value(self) -> str:
        """Return the secret string, at most a minute old.

        Raises:
            SecretUnavailableError: it can't be read. An older value is never used instead.
        """
        now = time.monotonic()
        if now - self._read_at > KEEP_SECONDS:
            with failures_as(SecretUnavailableError, f"the secret {self.name} can't be read"):
                answer = self.client.get_secret_value(SecretId=self.name)
            self._value = answer.get("SecretString", "")
            self._read_at = now
        return self._value

    def forget(self) -> None:
        """Read the secret again at the next use, because this value was refused."""
        self._read_at = _NEVER
