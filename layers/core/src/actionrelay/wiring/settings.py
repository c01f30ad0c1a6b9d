"""What each function reads from its environment: one frozen model per function.

It is read while Lambda prepares the function, and again at the first event if that failed (ADR 74). The template's
``Environment`` of a function names exactly the fields of its model; a template test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Self, override

from actionrelay.genesys.contract import ContractCheck, GenesysApi
from actionrelay.wiring.environment import (
    Flag,
    Ids,
    Names,
    NotNegative,
    ObservedSettings,
    Override,
    Ports,
    Positive,
    Region,
    one_of,
)


class WebhookScheme(StrEnum):
    """How Genesys Cloud signs what it sends."""

    STANDARD_WEBHOOKS = "standard-webhooks"
    HUB_SIGNATURE = "x-hub-signature-256"


class ApiAuth(StrEnum):
    """How API Gateway authenticates callers."""

    AWS_IAM = "AWS_IAM"
    API_KEY = "API_KEY"


Contract = Annotated[GenesysApi, one_of(GenesysApi)]
Check = Annotated[ContractCheck, one_of(ContractCheck)]
Scheme = Annotated[WebhookScheme, one_of(WebhookScheme)]
Auth = Annotated[ApiAuth, one_of(ApiAuth)]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OperatedSettings(ObservedSettings):
    """Of every function that serves operators' routes."""

    operator_key_ids: Ids
    """The operators' API keys; empty if IAM decides."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GenesysSettings(ObservedSettings):
    """Of every function that calls Genesys Cloud."""

    executions_table: str
    genesys_api: Contract
    genesys_region: Region
    genesys_api_url: Override
    genesys_login_url: Override
    genesys_secret_name: str
    token_parameter_name: str
    requests_per_minute: Positive


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SharedRateSettings(GenesysSettings):
    """Of every function that refreshes the shared token, and shares the rate between lanes."""

    token_key_arn: str
    bulk_share_percent: Positive
    max_in_flight: Positive


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CountSettings(ObservedSettings):
    """Settings of ``count``."""

    executions_table: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ExportSettings(ObservedSettings):
    """Settings of ``export``."""

    executions_table: str
    audit_table: str
    payload_bucket: str
    export_lock_days: NotNegative


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Settings(ObservedSettings):
    executions_table: str
    audit_table: str
    payload_bucket: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WriterSettings(_Settings):
    """Of every function that writes executions."""

    delivery_queue_url: str
    execution_retention_days: Positive
    audit_retention_days: Positive


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CompletingSettings(WriterSettings):
    """Of every function that ends executions, or advances them."""

    execution_queue_url: str
    bulk_queue_url: str
    workflow_queue_url: str
    result_cache_seconds: NotNegative


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SubmittingSettings(CompletingSettings):
    """Of every function that accepts requests."""

    genesys_api: Contract
    catalogue_queue_url: str
    contract_check: Check
    max_payload_bytes: Positive
    max_input_depth: Positive


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _OutboundSettings(WriterSettings):
    webhook_ports: Ports
    allow_private_webhooks: Flag

    @classmethod
    @override
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read as the others do, but allow private webhooks only with an emulator, whose endpoint is plain HTTP.

        In an AWS account 127.0.0.1 is Lambda's own runtime API.
        """
        settings = super().read(environment)
        if environment.get("AWS_ENDPOINT_URL", "").startswith("http://"):
            return settings
        return replace(settings, allow_private_webhooks=False)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ValidateSettings(OperatedSettings, SubmittingSettings, _OutboundSettings):
    """Settings of ``validate``."""

    requests_per_minute: Positive
    max_backlog: NotNegative
    """0 means what the rate works off in twelve hours."""
    max_waiting: NotNegative
    """How many callers may wait at once; 0 allows none."""
    mask_inputs: Names
    decision_queue_url: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DecideSettings(OperatedSettings, CompletingSettings):
    """Settings of ``decide``."""

    genesys_api: Contract
    max_payload_bytes: Positive
    decision_queue_url: str
    decision_dlq_url: str
    delivery_dlq_url: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WorkflowsSettings(SubmittingSettings):
    """Settings of ``workflows``."""

    workflow_dlq_url: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ExecuteSettings(CompletingSettings, SharedRateSettings):
    """Settings of ``execute``."""

    execution_dlq_url: str
    api_base_url: str
    api_id: str
    max_attempts: Positive
    webhook_grace_seconds: NotNegative

    @property
    def receipt_url(self) -> str:
        """Where Genesys Cloud sends results: this deployment's own route."""
        return self.api_base_url.replace("{apiId}", self.api_id).rstrip("/") + "/webhooks/genesys"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CatalogueSettings(OperatedSettings, SharedRateSettings):
    """Settings of ``catalogue``."""

    catalogue_queue_url: str
    catalogue_dlq_url: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReceiveWebhookSettings(CompletingSettings):
    """Settings of ``receive_webhook``."""

    webhook_secret_name: str
    webhook_scheme: Scheme


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DeliverSettings(_OutboundSettings):
    """Settings of ``deliver``."""

    delivery_dlq_url: str
    delivery_secret_name: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class QuerySettings(_Settings):
    """Settings of ``query``; ``api_auth`` and ``runbook_url`` are for the console."""

    api_auth: Auth
    execution_queue_url: str
    execution_dlq_url: str
    bulk_queue_url: str
    bulk_dlq_url: str
    delivery_queue_url: str
    delivery_dlq_url: str
    workflow_queue_url: str
    workflow_dlq_url: str
    decision_queue_url: str
    decision_dlq_url: str
    catalogue_queue_url: str
    catalogue_dlq_url: str
    execution_retention_days: Positive
    genesys_api: Contract
    requests_per_minute: Positive
    bulk_share_percent: Positive
    max_in_flight: Positive
    max_waiting: NotNegative
    runbook_url: str
    """The URL of the runbook, or empty."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PreflightSettings(OperatedSettings, GenesysSettings):
    """Settings of ``preflight``."""

    webhook_secret_name: str
    delivery_secret_name: str
