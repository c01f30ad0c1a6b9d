"""Fits documents from outside into strict schemas. Every fault is reported, not only the first."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from actionrelay.errors import InvalidRequestError, PayloadTooLargeError
from actionrelay.fault import MAX_FAULTS, Fault
from actionrelay.faults import Faults
from actionrelay.ids import NO_UUID, UUID_FORM, is_uuid
from actionrelay.strict_json import Json, Measured, NestingTooDeepError, measured


def whole(value: Any) -> Any:
    """Return ``400.0`` as 400: in JSON, a number without a fraction is an integer (JSON Schema, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Document(BaseModel):
    """A document in camelCase, frozen; unknown members are faults."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, document: Any) -> Any:
        """Leave out optional members that are null."""
        if not isinstance(document, dict) or None not in document.values():
            return document
        optional = {field.alias for field in cls.model_fields.values() if not field.is_required()}
        return {name: value for name, value in document.items() if value is not None or name not in optional}


def read_body(raw: bytes, max_bytes: int) -> Json:
    """Read a body as sent.

    Raises:
        PayloadTooLargeError: more than ``max_bytes``; nothing was parsed.
        MalformedJsonError: not JSON with one meaning.
        InvalidRequestError: nested too deep.
    """
    return measure_body(raw, max_bytes).document


def measure_body(raw: bytes, max_bytes: int) -> Measured:
    """Read a body as ``read_body`` does, and measure how deep it nests.

    Raises:
        PayloadTooLargeError: more than ``max_bytes``; nothing was parsed.
        MalformedJsonError: not JSON with one meaning.
        InvalidRequestError: nested too deep.
    """
    if len(raw) > max_bytes:
        raise PayloadTooLargeError(
            f"the body has {len(raw)} bytes, {max_bytes} are allowed", size=len(raw), limit=max_bytes
        )
    try:
        return measured(raw)
    except NestingTooDeepError as error:
        raise InvalidRequestError((Fault("", "depth", error.message),)) from None


def read[Schema: BaseModel](schema: type[Schema], document: Json) -> Schema | Faults:
    """Fit a parsed document into a schema, or return every fault."""
    few, unknown = _with_few_unknown(schema, document)
    try:
        return schema.model_validate(few)
    except ValidationError as error:
        faults = Faults()
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            faults.add(_location(item, document), "schema", _detail(item["type"], item["msg"]))
        faults.count += unknown
        return faults


def read_valid[Schema: BaseModel](schema: type[Schema], document: Json) -> Schema:
    """Fit a parsed document into a schema.

    Raises:
        InvalidRequestError: it does not fit; with every fault.
    """
    found = read(schema, document)
    if isinstance(found, Faults):
        found.refuse()
    return found


def _with_few_unknown(schema: type[BaseModel], document: Json) -> tuple[Json, int]:
    """Leave out unknown fields that an answer has no room for, and return their number: each costs 600 bytes."""
    if not isinstance(document, dict) or len(document) <= MAX_FAULTS or schema.model_config.get("extra") != "forbid":
        return document, 0
    known = {field.alias or name for name, field in schema.model_fields.items()}
    left_out = [name for name in document if name not in known][MAX_FAULTS:]
    if not left_out:
        return document, 0
    dropped = set(left_out)
    return {name: value for name, value in document.items() if name not in dropped}, len(left_out)


def _location(item: ErrorDetails, document: Json) -> list[int | str]:
    """Return the steps that exist in the document: unions add a step that names the branch."""
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


def uuid_fault(value: str, where: str) -> Fault | None:
    """Return the fault of an id that is not a UUID (RFC 9562 text form, any case)."""
    return None if is_uuid(value) else Fault(where, "schema", NO_UUID)


type Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid", "pattern": f"^{UUID_FORM}$"})]
