"""What each function reads from its environment: one frozen model per function, read when first asked for.

The template's ``Environment`` of a function names exactly the fields of its model; a template test compares them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from actionrelay.models import GenesysApi

type Positive = Annotated[int, Field(ge=1)]
type NotNegative = Annotated[int, Field(ge=0)]


class WebhookScheme(StrEnum):
    """How Genesys Cloud signs what it sends."""

    STANDARD_WEBHOOKS = "standard-webhooks"
    HUB_SIGNATURE = "x-hub-signature-256"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    powertools_service_name: str
    powertools_metrics_namespace: str
    powertools_log_level: str
    executions_table: str
    audit_table: str
    payload_bucket: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Take the fields from environment variables of the same name, in capitals.

        Raises:
            ValidationError: one is missing or unusable; a deployment's fault, found at the first request.
        """
        wanted = {name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment}
        return cls.model_validate(wanted)


class _WriterSettings(_Settings):
    delivery_queue_url: str
    execution_retention_days: Positive
    audit_retention_days: Positive


class ValidateSettings(_WriterSettings):
    """Settings of ``validate``."""

    execution_queue_url: str
    genesys_api: GenesysApi
    max_payload_bytes: Positive
    max_input_depth: Positive
    result_cache_seconds: NotNegative
    allow_private_webhooks: bool


class ExecuteSettings(_WriterSettings):
    """Settings of ``execute``."""

    execution_queue_url: str
    genesys_api: GenesysApi
    genesys_region: str
    genesys_api_url: str
    genesys_login_url: str
    genesys_secret_name: str
    token_parameter_name: str
    api_base_url: str
    api_id: str
    requests_per_minute: Positive
    max_attempts: Positive
    result_cache_seconds: NotNegative
    webhook_grace_seconds: NotNegative

    @property
    def receipt_url(self) -> str:
        """Where Genesys Cloud sends results: this deployment's own door."""
        return self.api_base_url.replace("{apiId}", self.api_id).rstrip("/") + "/webhooks/genesys"


class ReceiveWebhookSettings(_WriterSettings):
    """Settings of ``receive_webhook``."""

    webhook_secret_name: str
    webhook_scheme: WebhookScheme
    result_cache_seconds: NotNegative
    max_payload_bytes: Positive


class DeliverSettings(_WriterSettings):
    """Settings of ``deliver``."""

    delivery_secret_name: str
    allow_private_webhooks: bool


class QuerySettings(_Settings):
    """Settings of ``query``."""
