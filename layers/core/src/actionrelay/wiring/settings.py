"""What each function reads from its environment: one frozen model per function.

It is read while Lambda prepares the function, and again at the first event if that failed (ADR 74).

The template's ``Environment`` of a function names exactly the fields of its model; a template test compares them. The
models are dataclasses: pydantic would take a fifth of the cold start of functions that have no other use for it
(ADR 16). Nobody compares or prints them, and code for that is made at each cold start, so there is none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Annotated, Any, Self, get_type_hints, override

from actionrelay.errors import SettingsError
from actionrelay.genesys.contract import ContractCheck, GenesysApi
from actionrelay.genesys.hosts import base_url, require_region

_HIGHEST_PORT = 65_535


class WebhookScheme(StrEnum):
    """How Genesys Cloud signs what it sends."""

    STANDARD_WEBHOOKS = "standard-webhooks"
    HUB_SIGNATURE = "x-hub-signature-256"


class ApiAuth(StrEnum):
    """How API Gateway finds out who asks."""

    AWS_IAM = "AWS_IAM"
    API_KEY = "API_KEY"


def _whole_number(at_least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) >= at_least):
            raise ValueError(f"must be a whole number, {at_least} at least")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text == "true"


def _one_of[Choice: StrEnum](choices: type[Choice]) -> Callable[[str], Choice]:
    def read(text: str) -> Choice:
        if text not in {choice.value for choice in choices}:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return choices(text)

    return read


def _ports(text: str) -> frozenset[int]:
    ports = text.split(",")
    if not all(port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT for port in ports):
        raise ValueError(f"must be ports from 1 to {_HIGHEST_PORT}, separated by commas")
    return frozenset(map(int, ports))


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in text.split(",")) - {""}


def _ids(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


def _override(text: str) -> str:
    return base_url(text) if text else text


# How a field is read is beside its type; a field with nothing beside it is text.
Positive = Annotated[int, _whole_number(at_least=1)]
NotNegative = Annotated[int, _whole_number(at_least=0)]
Flag = Annotated[bool, _flag]
Contract = Annotated[GenesysApi, _one_of(GenesysApi)]
Check = Annotated[ContractCheck, _one_of(ContractCheck)]
Scheme = Annotated[WebhookScheme, _one_of(WebhookScheme)]
Auth = Annotated[ApiAuth, _one_of(ApiAuth)]
Region = Annotated[str, require_region]
Ports = Annotated[frozenset[int], _ports]
Names = Annotated[frozenset[str], _names]
"""Names that are compared without their case."""
Ids = Annotated[frozenset[str], _ids]
"""Separated by commas; an empty one is none."""
Override = Annotated[str, _override]
"""The URL of a host, or nothing."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ObservedSettings:
    """What every function needs: the names under which it logs and counts."""

    powertools_service_name: str
    powertools_metrics_namespace: str
    powertools_log_level: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Take the fields from environment variables of the same name, in capitals.

        Raises:
            SettingsError: one is missing or unusable, with every fault and no value; the deployment's
                fault.
        """
        hints = get_type_hints(cls, include_extras=True)
        values: dict[str, Any] = {}
        faults: list[str] = []
        for field in fields(cls):
            variable = field.name.upper()
            [reader] = getattr(hints[field.name], "__metadata__", (str,))
            try:
                values[field.name] = reader(environment[variable])
            except KeyError:
                faults.append(f"{variable}: is missing")
            except ValueError as fault:
                faults.append(f"{variable}: {fault}")
        if faults:
            said = "; ".join(faults)
            raise SettingsError(f"the settings of this function can't be used: {said}", settings=said)
        return cls(**values)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OperatedSettings(ObservedSettings):
    """What every function needs that serves a route for operators."""

    operator_key_ids: Ids
    """Of the API keys that may call those; none where IAM decides."""


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
    """What every function needs that writes executions."""

    delivery_queue_url: str
    execution_retention_days: Positive
    audit_retention_days: Positive


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CompletingSettings(WriterSettings):
    """What every function needs that brings executions to their end, or on."""

    execution_queue_url: str
    bulk_queue_url: str
    workflow_queue_url: str
    result_cache_seconds: NotNegative


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SubmittingSettings(CompletingSettings):
    """What every function needs that takes requests in."""

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
        """Read as the others do; private webhooks are allowed only where AWS is an emulator.

        No service of AWS is asked in plain HTTP here, and in an account 127.0.0.1 is Lambda's own runtime API.
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
    """0 means twelve hours' work at the rate."""
    max_waiting: NotNegative
    """How many callers may wait at once; 0 lets nobody wait."""
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
class ExecuteSettings(CompletingSettings):
    """Settings of ``execute``."""

    execution_dlq_url: str
    genesys_api: Contract
    genesys_region: Region
    genesys_api_url: Override
    genesys_login_url: Override
    genesys_secret_name: str
    token_parameter_name: str
    token_key_arn: str
    api_base_url: str
    api_id: str
    requests_per_minute: Positive
    bulk_share_percent: Positive
    max_in_flight: Positive
    max_attempts: Positive
    webhook_grace_seconds: NotNegative

    @property
    def receipt_url(self) -> str:
        """Where Genesys Cloud sends results: this deployment's own door."""
        return self.api_base_url.replace("{apiId}", self.api_id).rstrip("/") + "/webhooks/genesys"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CatalogueSettings(OperatedSettings):
    """Settings of ``catalogue``."""

    executions_table: str
    catalogue_queue_url: str
    catalogue_dlq_url: str
    genesys_api: Contract
    genesys_region: Region
    genesys_api_url: Override
    genesys_login_url: Override
    genesys_secret_name: str
    token_parameter_name: str
    token_key_arn: str
    requests_per_minute: Positive
    bulk_share_percent: Positive
    max_in_flight: Positive


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
    """Where people read the runbook, or nothing."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PreflightSettings(OperatedSettings):
    """Settings of ``preflight``."""

    executions_table: str
    genesys_api: Contract
    genesys_region: Region
    genesys_api_url: Override
    genesys_login_url: Override
    genesys_secret_name: str
    webhook_secret_name: str
    delivery_secret_name: str
    token_parameter_name: str
    requests_per_minute: Positive
