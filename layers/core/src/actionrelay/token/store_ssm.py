"""The OAuth token that all workers share, as one SecureString in SSM Parameter Store."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, override

from botocore.exceptions import ClientError

from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.token.ports import AccessToken, TokenStore

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_BYTES = 8_192
"""The size limit of an advanced parameter; that of a standard one is half of it."""


@dataclass(frozen=True, slots=True)
class TokenParameter(TokenStore):
    """A ``TokenStore`` in an SSM parameter."""

    client: "SSMClient"
    name: str
    key: str = ""
    """The KMS key of the parameter; empty for the account's default key for SSM."""

    @override
    def read(self) -> AccessToken | None:
        with failures_as(StoreUnavailableError, "the shared token can't be read"):
            try:
                answer = self.client.get_parameter(Name=self.name, WithDecryption=True)
            except ClientError as failure:
                if aws_code(failure) == "ParameterNotFound":
                    return None
                raise
        return _read(answer["Parameter"].get("Value", ""))

    @override
    def write(self, token: AccessToken) -> bool:
        """Share a token whose value has at most ``MAX_BYTES``.

        ``Intelligent-Tiering`` turns the parameter into an advanced one, for good, when a value exceeds 4 KB.
        """
        text = json.dumps(asdict(token), separators=(",", ":"))
        if len(text.encode()) > MAX_BYTES:
            return False
        with failures_as(StoreUnavailableError, "the token can't be shared"):
            if self.key:
                self.client.put_parameter(
                    Name=self.name,
                    Value=text,
                    Type="SecureString",
                    Tier="Intelligent-Tiering",
                    Overwrite=True,
                    KeyId=self.key,
                )
            else:
                self.client.put_parameter(
                    Name=self.name, Value=text, Type="SecureString", Tier="Intelligent-Tiering", Overwrite=True
                )
        return True


def _read(text: str) -> AccessToken | None:
    try:
        document = json.loads(text)
        return AccessToken(
            value=str(document["value"]),
            expires_at=int(document["expires_at"]),
            scopes=tuple(str(scope) for scope in document["scopes"]),
            issuer=str(document["issuer"]),
            version=str(document["version"]),
        )
    except (ValueError, TypeError, KeyError):
        return None
