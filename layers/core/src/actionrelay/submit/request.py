"""The documents that come in from outside, as strict schemas, and how their faults are reported.

A schema says what a document may hold; rules that need more than one field, a setting or the network are the use
cases'. Faults are collected, never raised one by one.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from actionrelay.errors import MAX_FAULTS, Fault
from actionrelay.faults import Faults
from actionrelay.genesys.error_forms import as_code, as_id
from actionrelay.ids import ACTION_ID_FORM, NO_UUID, UUID_FORM, is_uuid
from actionrelay.ledger.execution import ExecutionError
from actionrelay.strict_json import Json

MAX_TIMEOUT_MS = 300_000
DEFAULT_TIMEOUT_MS = 60_000
MAX_ACTION_ID_LENGTH = 128
MAX_URL_LENGTH = 2_048

type Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid", "pattern": f"^{UUID_FORM}$"})]


def whole(value: Any) -> Any:
    """Take ``400.0`` for 400: JSON has numbers, and one without a fraction is an integer (JSON Schema, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Document(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )


class ExecutionRequest(_Document):
    """The body of ``POST /v1/executions``, as far as its own shape goes."""

    # The text below a field is its description in the OpenAPI document, and `json_schema_extra` is for that alone: ids
    # and references are checked in `request_rules`, which has better words for what is wrong with them.
    action_id: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_ACTION_ID_LENGTH),
        Field(json_schema_extra={"pattern": f"^{ACTION_ID_FORM}$"}),
    ]
    """`data-actions`: a UUID. `integrations`: letters, digits, `_` and `-`."""
    inputs: Annotated[dict[str, Any], Field(repr=False)]
    """No value lies more than `MaxInputDepth` (5) steps below it; an array index is a step too."""
    timeout: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MS), BeforeValidator(whole)] = DEFAULT_TIMEOUT_MS
    """How long the action may take, in ms; with `integrations` at most 60000."""
    cache_results: bool = True
    """Whether a cached result may answer, and whether this result may be cached."""
    webhook_url: (
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=MAX_URL_LENGTH),
            Field(json_schema_extra={"format": "uri"}),
        ]
        | None
    ) = None
    """Where to report the end: https on port 443 of a public address, without user name, password or fragment."""
    execution_id: Uuid | None = None
    """The caller's idempotency key; the header `Idempotency-Key` is the same thing. In answers it is in lower case."""
    trace_id: Uuid | None = None
    """Goes with the execution to Genesys Cloud (`X-Trace-Id`), to the webhook and into the audit trail. Where there is
    none, it is the `executionId`."""
    action_references: dict[str, Any] | None = None
    """Which names depend on which: `{name: [names]}` or `{name: {dependency: …}}`. No name may depend on itself,
    directly or through others."""
    idempotent: bool = False
    """True says that running the action twice does no harm, so that a lost outcome may be tried again."""


class ReportedError(_Document):
    """Why an action failed, as Genesys Cloud reports it; members that we do not know are left aside."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, StringConstraints(max_length=200)] = "action_failed"
    message: Annotated[str, StringConstraints(max_length=2000), Field(repr=False)] = ""
    status: Annotated[int, BeforeValidator(whole)] | None = None
    correlation_id: Annotated[str, StringConstraints(max_length=200)] | None = None


class ResultWebhook(_Document):
    """The body of ``POST /v1/webhooks/genesys``; members that we do not know are left aside."""

    model_config = ConfigDict(extra="ignore")

    execution_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    status: Literal["completed", "failed"]
    result: Annotated[Any, Field(repr=False)] = None
    error: Annotated[ReportedError | Annotated[str, StringConstraints(max_length=2000)] | None, Field(repr=False)] = (
        None
    )


class Resolution(_Document):
    """The body of ``POST /v1/executions/{id}/resolve``: what an operator found out about an unknown outcome."""

    status: Literal["completed", "failed"]
    result: Annotated[Any, Field(repr=False)] = None
    """For `completed`, as if Genesys Cloud had sent it."""
    error: Annotated[ReportedError | Annotated[str, StringConstraints(max_length=2000)] | None, Field(repr=False)] = (
        None
    )
    """For `failed`: as an object, or in a sentence."""
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None
    """How this is known, for the audit trail."""


def reported_error(error: ReportedError | str | None) -> ExecutionError | None:
    """Take a reported error in either form; None when nothing was said."""
    if isinstance(error, ReportedError):
        code = as_code(error.code) or "action_failed"
        return ExecutionError(code, error.message, error.status, as_id(error.correlation_id))
    return ExecutionError("action_failed", error) if error else None


def read[Document: BaseModel](schema: type[Document], document: Json) -> Document | Faults:
    """Fit a parsed document into a schema, or say everything that keeps it from fitting."""
    few, unknown = _with_few_unknown(schema, document)
    try:
        return schema.model_validate(few)
    except ValidationError as error:
        faults = Faults()
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            faults.add(_location(item, document), "schema", _detail(item["type"], item["msg"]))
        faults.count += unknown
        return faults


def _with_few_unknown(schema: type[BaseModel], document: Json) -> tuple[Json, int]:
    """Leave out unknown fields beyond those that an answer has room for, and say how many: each costs 600 bytes."""
    if not isinstance(document, dict) or schema.model_config.get("extra") != "forbid":
        return document, 0
    known = {field.alias or name for name, field in schema.model_fields.items()}
    left_out = [name for name in document if name not in known][MAX_FAULTS:]
    if not left_out:
        return document, 0
    dropped = set(left_out)
    return {name: value for name, value in document.items() if name not in dropped}, len(left_out)


def uuid_fault(value: str, where: str) -> Fault | None:
    """Say what is wrong with an id that must be a UUID (RFC 9562 text form, any case)."""
    return None if is_uuid(value) else Fault(where, "schema", NO_UUID)


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
