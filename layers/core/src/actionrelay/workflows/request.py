"""The bodies that come in, as strict schemas, as far as their own shape goes."""

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
    """One step of a workflow: the request of an execution, when it is made, and for what.

    In `inputs`, as `when` and as `forEach`, `{"$from": "step", "path": "JMESPath"}` is (a part of) the result
    of another step. `{"$literal": …}` is taken as it is.
    """

    # The rules of a submission judge those of an execution (``ports.SubmissionRules``); here they are for OpenAPI.
    action_id: Any = Field(None, json_schema_extra={"type": "string"})
    """As in an execution."""
    inputs: Annotated[Any, Field(repr=False, json_schema_extra={"type": "object"})] = None
    """As in an execution, with references anywhere in it. A reference counts as one value, however deep its value
    nests; that is judged when it is known."""
    depends_on: Annotated[list[str], Field(max_length=100)] | None = None
    """Steps that have to end before, besides those that it refers to."""
    when: Any = None
    """The step is skipped where this is null, false, 0, or an empty text, list or object."""
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
    """A list, or a reference to one, of 100 items at most: the step runs once for each of them. In its
    inputs `{"$from": "$item"}` is the item and `{"$from": "$index"}` its number, from 0. Its result is the list of
    theirs, in order."""
    max_concurrency: Annotated[int, Field(ge=1, le=MAX_CONCURRENCY), BeforeValidator(whole)] | None = None
    """How many of the items are under way at once; 50 where it is not given."""
    timeout: Any = Field(None, json_schema_extra={"type": "integer"})
    """As in an execution."""
    cache_results: Any = Field(None, json_schema_extra={"type": "boolean"})
    """As in an execution."""
    idempotent: Any = Field(None, json_schema_extra={"type": "boolean"})
    """As in an execution."""


class WorkflowRequest(Document):
    """The body of ``POST /v1/workflows``, except for what is in its steps."""

    workflow_id: Uuid | None = None
    """The caller's idempotency key."""
    trace_id: Uuid | None = None
    """Goes with every execution; where there is none, it is the `workflowId`."""
    webhook_url: Annotated[str, StringConstraints(min_length=1), Field(json_schema_extra={"format": "uri"})] | None = (
        None
    )
    """Where to report the workflow's outcome; the rules are those of an execution."""
    lane: Literal["interactive", "bulk"] | None = None
    """Of all its executions; `interactive` where it is not given."""
    deadline_seconds: Annotated[int, Field(ge=1, le=MAX_DEADLINE_SECONDS), BeforeValidator(whole)] | None = None
    """How long it may take; a day where it is not given. After that nothing new starts."""
    on_failure: Annotated[OnFailure, Field(strict=False)] | None = None
    """`continue`, the default: what does not depend on a failed step runs. `stop`: nothing new starts."""
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
    """A step: it and all that depends on it run again, whatever their outcome. Where it is left out, failed and unknown
    steps do, and all that follows from them."""
