"""The schemas, derived by pydantic from the code's types, with the docstrings of their fields."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from types import get_original_bases
from typing import Any, is_typeddict

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

import actionrelay
from actionrelay.schemas import Document

type Schema = dict[str, Any]


def _documents() -> tuple[type, ...]:
    """Find every type of a document: typed dictionaries that are returned, and models that are read."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(actionrelay.__path__, "actionrelay.")
        if not found.ispkg
    ]
    return tuple(
        kind
        for module in modules
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and kind.__module__ == module.__name__ and (_goes_out(name, kind) or _comes_in(kind))
    )


def _goes_out(name: str, kind: type) -> bool:
    return is_typeddict(kind) and name.endswith("Document")


def _comes_in(kind: type) -> bool:
    return issubclass(kind, Document) and kind is not Document


DOCUMENTS = _documents()
_DEPENDENCIES: Schema = {
    "description": "Names, or an object whose keys are names and whose values are read the same way; any other value "
    "is left aside.",
    "anyOf": [
        {"type": "array", "items": {"type": "string", "minLength": 1}},
        {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Dependencies"},
                    {"type": ["string", "number", "boolean", "null"]},
                ]
            },
        },
    ],
}
"""The input of `references.read_references`: a rule of code, so there is no type to derive it from."""
_NAMES = {
    "AuditDocument": "AuditEntry",
    "ErrorDocument": "ExecutionError",
    "WebhookDocument": "ExecutionEnded",
    "WorkflowWebhookDocument": "WorkflowSettled",
    "RetryRequest": "WorkflowRetry",
}


def components() -> dict[str, Schema]:
    """Return every schema by its public name, in alphabetical order."""
    # A type that is only extended is left out; one that is used comes with its users.
    extended = {base for kind in DOCUMENTS for base in get_original_bases(kind)}
    wanted: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (kind.__name__, "validation", TypeAdapter(kind)) for kind in DOCUMENTS if kind not in extended
    ]
    _, generated = TypeAdapter.json_schemas(wanted, ref_template="#/components/schemas/{model}")
    found: dict[str, Schema] = generated["$defs"]
    found.pop("Json")
    found["Timestamp"]["format"] = "date-time"
    found["Dependencies"] = _DEPENDENCIES
    found["ExecutionRequest"]["properties"]["actionReferences"]["anyOf"][0]["additionalProperties"] = {
        "$ref": "#/components/schemas/Dependencies"
    }
    _describe(found)
    named = {public_name(name): _public(schema) for name, schema in found.items()}
    named["ExecutionRequest"]["description"] = "What to execute."
    named["Retry"]["description"] = "Whether to run an unknown one again."
    named["Resolution"]["description"] = "How an unknown execution ended."
    named["ManyResolution"]["description"] = "The outcome of each; the note is the decision's."
    named["DecisionRequest"]["description"] = "A decision and the filter of its executions."
    named["WorkflowRequest"]["description"] = "What to execute, step by step."
    named["WorkflowRetry"]["description"] = "Which part of a workflow to run again."
    named["ResultWebhook"]["description"] = "The result of an execution. Other members are ignored."
    _as_in_an_execution(named["StepRequest"], named["WorkflowRequest"], named["ExecutionRequest"])
    named["NormalisedRequest"] = _complete(named["ExecutionRequest"], named["ExecutionSummary"])
    return dict(sorted(named.items()))


def _as_in_an_execution(step: Schema, workflow: Schema, execution: Schema) -> None:
    """Give a step's fields that follow an execution's rules the execution's schemas."""
    for part, names in (
        (step, ("actionId", "inputs", "timeout", "cacheResults", "idempotent")),
        (workflow, ("webhookUrl",)),
    ):
        for name in names:
            said = part["properties"][name]["description"]
            part["properties"][name] = {**execution["properties"][name], "description": said}
    step["required"] = execution["required"]


def public_name(name: str) -> str:
    """Return the name under which a type is known to callers."""
    return _NAMES.get(name, name.removesuffix("Document"))


def _complete(request: Schema, execution: Schema) -> Schema:
    """Return the schema of a dry run's response: the normalised request, with every field."""
    fields = {
        name: {key: value for key, value in schema.items() if key != "default"}
        for name, schema in request["properties"].items()
    }
    said = "A valid request, its ids in lower case and its defaults filled in."
    learned: Schema = {
        name: {**execution["properties"][name]} for name in ("defaults", "warnings")
    }  # there where something is known of the action
    return {**request, "description": said, "properties": fields | learned, "required": list(fields)}


def field_texts(kind: type) -> dict[str, str]:
    """Return the docstring of each field of a class and its bases, by the field's name in Python."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - the source of a class is one
    found: dict[str, str] = {}
    for base in get_original_bases(kind):
        if is_typeddict(base):
            found |= field_texts(base)
    return found | dict(_texts(definition))


def _texts(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


def _describe(found: dict[str, Schema]) -> None:
    for kind in (kind for kind in DOCUMENTS if kind.__name__ in found):
        texts = field_texts(kind)
        aliases = {name: field.alias or name for name, field in getattr(kind, "model_fields", {}).items()}
        for field, text in texts.items():
            found[kind.__name__]["properties"][aliases.get(field, field)]["description"] = text
    for schema in found.values():
        if "enum" in schema:
            schema.pop("description", None)  # for readers of the code; the fields' texts are for callers


def _public(schema: Any) -> Any:
    """Remove titles that repeat a name, rename references, and allow any JSON value where the type does."""
    if isinstance(schema, list):
        return [_public(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    public: Schema = {}
    for name, value in schema.items():
        if name == "title" and isinstance(value, str):
            continue
        if name == "properties":
            public[name] = {field: _public(each) for field, each in value.items()}
        elif name == "$ref":
            target = str(value).rpartition("/")[2]
            if target != "Json":
                public[name] = f"#/components/schemas/{public_name(target)}"
        elif name == "description":
            public[name] = re.sub(r"``", "`", " ".join(value.split()))
        else:
            public[name] = _public(value)
    return _or_null(public)


def _or_null(schema: Schema) -> Schema:
    """Write "this or null" as one schema with two types where that is equivalent."""
    match schema.get("anyOf"):
        case [{"type": str(kind)} as one, {"type": "null"}] if "enum" not in one:
            around = {name: value for name, value in schema.items() if name != "anyOf"}
            return {**one, "type": [kind, "null"], **around}
    return schema
