"""AWS clients, made when first needed and kept, and the one translation of their failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from actionrelay.errors import ActionRelayError

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


@dataclass(frozen=True)
class AwsClients:
    """One client per service. Region, credentials and endpoint come from the runtime, as the SDK finds them."""

    session: boto3.Session

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        return self.session.client("dynamodb", config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self.session.client("s3", config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        return self.session.client("sqs", config=_CONFIG)

    @cached_property
    def ssm(self) -> "SSMClient":
        """SSM."""
        return self.session.client("ssm", config=_CONFIG)

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        """Secrets Manager."""
        return self.session.client("secretsmanager", config=_CONFIG)


@contextmanager
def failures_as(error: type[ActionRelayError], doing: str) -> Iterator[None]:
    """Turn a failure of the SDK into one of ours; its code is kept, its text, which may quote the request, is not."""
    try:
        yield
    except ClientError as failure:
        raise error(doing, aws_code=aws_code(failure)) from None
    except BotoCoreError as failure:
        raise error(doing, aws_code=type(failure).__name__) from None


def aws_code(failure: ClientError) -> str:
    """The service's own code of a failure, such as ``ConditionalCheckFailedException``."""
    return str(failure.response.get("Error", {}).get("Code", "Unknown"))
