"""Strict schemas of the bodies: their shape only, other rules are in ``rules``."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from actionrelay.schemas import Document, Uuid, whole
from actionrelay.workflows.definition import (
    MAX_CONCURRENCY,
    MAX_DEADLINE_SECONDS,
    STEP_NAME_FORM,
    OnFailure,
)


class StepRequest(Document):
    """One step of a workflow: the request of an execution, its condition and its items.

    In `inputs`, as `when` and as `forEach`, `{"$from": "step", "path": "JMESPath"}` is (a part of) the result
    of another step. What `{"$literal": …}` holds is not searched for references.
    """

    # Fields of an execution are checked by the rules of submissions (``ports.SubmissionRules``); these are for OpenAPI.
    action_id: Any = Field(None, json_schema_extra={"type": "string"})
    """As in an execution."""
    inputs: Annotated[Any, Field(repr=False, json_schema_extra={"type": "object"})] = None
    """As in an execution, with references anywhere in it. A reference counts as one value here; the depth of its value
    is checked when it is known."""
    depends_on: Annotated[list[str], Field(max_length=100)] | None = None
    """Steps that have to end first, besides those that it refers to."""
    when: Any = None
    """The step is skipped if this is null, false, 0, or an empty string, list or object."""
    for_each: Any = Field(
        None,
        json_schema_extra={
            "anyOf": [
                {"type": "array", "maxItems": 100},
                {
                    "type": "object",
                    "properties": {"$from": {"type": "string"}, "path": {"type": "string"}},
                    "required": ["$from"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        },
    )
    """A list of at most 100 items, or a reference to one: the step runs once for each item. In its inputs
    `{"$from": "$item"}` is the item and `{"$from": "$index"}` its number, from 0. Its result is the list of their
    results, in order."""
    max_concurrency: Annotated[int, Field(ge=1, le=MAX_CONCURRENCY), BeforeValidator(whole)] | None = None
    """How many of the items run at once; 50 by default."""
    timeout: Any = Field(None, json_schema_extra={"type": "integer"})
    """As in an execution."""
    cache_results: Any = Field(None, json_schema_extra={"type": "boolean"})
    """As in an execution."""
    idempotent: Any = Field(None, json_schema_extra={"type": "boolean"})
    """As in an execution."""


class WorkflowRequest(Document):
    """The body of ``POST /v1/workflows``, without the content of its steps."""

    workflow_id: Uuid | None = None
    """The caller's idempotency key."""
    trace_id: Uuid | None = None
    """The trace id of every execution; the `workflowId` by default."""
    webhook_url: Annotated[str, StringConstraints(min_length=1), Field(json_schema_extra={"format": "uri"})] | None = (
        None
    )
    """Where to report the workflow's outcome; the rules are those of an execution."""
    lane: Literal["interactive", "bulk"] | None = None
    """Of all its executions; `interactive` by default."""
    deadline_seconds: Annotated[int, Field(ge=1, le=MAX_DEADLINE_SECONDS), BeforeValidator(whole)] | None = None
    """How long it may take; a day by default. After that nothing new starts."""
    on_failure: Annotated[OnFailure, Field(strict=False)] | None = None
    """`continue`, the default: steps that do not depend on a failed one run. `stop`: nothing new starts."""
    steps: Annotated[
        dict[str, Any],
        Field(
            min_length=1,
            repr=False,
            json_schema_extra={
                "maxProperties": 100,
                "propertyNames": {"pattern": f"^{STEP_NAME_FORM}$"},
                "additionalProperties": {"$ref": "#/components/schemas/StepRequest"},
            },
        ),
    ]
    """By name; 1,000 executions in all."""


class RetryRequest(Document):
    """The body of ``POST /v1/workflows/{id}/retry``, which may be left out."""

    from_: str | None = Field(None, alias="from")
    """A step: it and its dependents run again, whatever their outcome. By default failed and unknown steps and their
    dependents do."""
