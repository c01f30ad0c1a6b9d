"""AWS clients, made on first use by a boto3 session (ADR 31), and the translation of their failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from actionrelay.errors import DependencyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# Ten threads share each client. The timeouts leave time to say so within every function's own.
_CONFIG = Config(
    max_pool_connections=16,
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)
_BRIEF = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})


@dataclass(frozen=True)
class AwsClients:
    """One client per service. Region, credentials and endpoint come from the runtime, as the SDK finds them."""

    session: Session

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @cached_property
    def brief_dynamodb(self) -> "DynamoDBClient":
        """DynamoDB for what an answer does not wait for: gives up within four seconds."""
        client: DynamoDBClient = self._client("dynamodb", _BRIEF)
        return client

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        client: SQSClient = self._client("sqs")
        return client

    @cached_property
    def ssm(self) -> "SSMClient":
        """SSM."""
        client: SSMClient = self._client("ssm")
        return client

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        """Secrets Manager."""
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    def _client(self, service: str, config: Config = _CONFIG) -> Any:
        return self.session.client(service, config=config)  # type: ignore[call-overload]  # the stubs know each service by name


@contextmanager
def failures_as(error: type[DependencyError], doing: str) -> Iterator[None]:
    """Raise ``error`` for a failure of the SDK, with its code but without its text, which may quote the request."""
    try:
        yield
    except ClientError as failure:
        raise error(doing, aws_code=aws_code(failure)) from None
    except BotoCoreError as failure:
        raise error(doing, aws_code=type(failure).__name__) from None


def aws_code(failure: ClientError) -> str:
    """Return the service's error code, such as ``ConditionalCheckFailedException``."""
    return str(failure.response.get("Error", {}).get("Code", "Unknown"))
