"""The documents that come in from outside, as strict schemas, and how their faults are reported.

A schema says what a document may hold; rules that need more than one field, a setting or the network are the use
cases'. Faults are collected, never raised one by one.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from actionrelay.errors import Fault
from actionrelay.models import ExecutionError
from actionrelay.strict_json import Json, pointer

MAX_TIMEOUT_MS = 300_000
DEFAULT_TIMEOUT_MS = 60_000
MAX_ACTION_ID_LENGTH = 128
MAX_URL_LENGTH = 2_048

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class _Document(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )


class ExecutionRequest(_Document):
    """The body of ``POST /v1/executions``, as far as its own shape goes."""

    action_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_ACTION_ID_LENGTH)]
    inputs: dict[str, Any]
    timeout: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MS)] = DEFAULT_TIMEOUT_MS
    cache_results: bool = True
    webhook_url: Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL_LENGTH)] | None = None
    execution_id: str | None = None
    trace_id: str | None = None
    action_references: dict[str, Any] | None = None
    idempotent: bool = False


class ReportedError(_Document):
    """Why an action failed, as Genesys Cloud reports it; members that we do not know are left aside."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, StringConstraints(max_length=200)] = "action_failed"
    message: Annotated[str, StringConstraints(max_length=2000)] = ""
    status: int | None = None
    correlation_id: Annotated[str, StringConstraints(max_length=200)] | None = None


class ResultWebhook(_Document):
    """The body of ``POST /v1/webhooks/genesys``; members that we do not know are left aside."""

    model_config = ConfigDict(extra="ignore")

    execution_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    status: Literal["completed", "failed"]
    result: Any = None
    error: ReportedError | Annotated[str, StringConstraints(max_length=2000)] | None = None


class Resolution(_Document):
    """The body of ``POST /v1/executions/{id}/resolve``: what an operator found out about an unknown outcome."""

    status: Literal["completed", "failed"]
    result: Any = None
    error: ReportedError | Annotated[str, StringConstraints(max_length=2000)] | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None


def reported_error(error: ReportedError | str | None) -> ExecutionError | None:
    """Take a reported error in either form; None when nothing was said."""
    if isinstance(error, ReportedError):
        return ExecutionError(error.code, error.message, error.status, error.correlation_id)
    return ExecutionError("action_failed", error) if error else None


def read[Document: BaseModel](schema: type[Document], document: Json) -> Document | tuple[Fault, ...]:
    """Fit a parsed document into a schema, or say everything that keeps it from fitting."""
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        return tuple(
            Fault(pointer(*_location(item, document)), "schema", _detail(item["type"], item["msg"]))
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        )


def uuid_fault(value: str, where: str) -> Fault | None:
    """Say what is wrong with an id that must be a UUID (RFC 9562 text form, any case)."""
    if _UUID.fullmatch(value):
        return None
    return Fault(
        where,
        "schema",
        "must be a UUID such as 123e4567-e89b-12d3-a456-426614174000",
    )


def _location(item: ErrorDetails, document: Json) -> list[int | str]:
    """Keep the steps that lead somewhere in the document: unions add a step that names the branch tried."""
    kept: list[int | str] = []
    here: Json = document
    for step in item["loc"]:
        if isinstance(here, dict) and isinstance(step, str):
            if step in here or item["type"] == "missing":
                kept.append(step)
                here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int):
            kept.append(step)
            here = here[step] if step < len(here) else None
    return kept


def _detail(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "required"
        case "extra_forbidden":
            return "unknown field"
        case "model_type" | "dict_type":
            return "must be an object"
    return message[:1].lower() + message[1:]
