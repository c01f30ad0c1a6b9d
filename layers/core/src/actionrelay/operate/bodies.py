"""The bodies of an operator's decisions, as strict schemas."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from actionrelay.genesys.reported_error import Reported
from actionrelay.pages import EXECUTION_FILTERS
from actionrelay.schemas import Document


class Retry(Document):
    """The body of ``POST /v1/executions/{id}/retry``, which may be left out."""

    again: bool | None = False
    """Run an unknown execution again under a new id, instead of asking again about the same run."""


class Acknowledgement(Document):
    """The body of ``POST /v1/executions/{id}/acknowledge``, which may be left out."""

    note: Annotated[str, StringConstraints(max_length=1000)] | None = None
    """What was found, for the audit trail."""


class ManyResolution(Document):
    """The resolution of many: as for one, except that the note is the decision's."""

    status: Literal["completed", "failed"]
    result: Annotated[Any, Field(repr=False)] = None
    """For `completed`: the result of each of them, as if Genesys Cloud had sent it."""
    error: Reported = None
    """For `failed`: as an object, or in a sentence."""


class DecisionRequest(Document):
    """The body of ``POST /v1/executions/decisions``."""

    decision: Literal["retry", "cancel", "redeliver", "resolve", "acknowledge"]
    # The list's own rules check the values, with better messages.
    filter: Annotated[
        dict[str, str | None],
        Field(json_schema_extra={"minProperties": 1, "propertyNames": {"enum": list(EXECUTION_FILTERS)}}),
    ]
    """Which executions: `status`, `actionId`, `from`, `to`, `traceId`, `webhookStatus`, `errorCode` and `id`, as in
    `GET /executions`. At least one; an execution has to match all that are given."""
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None
    """Why, for the audit trail of each."""
    resolution: ManyResolution | None = None
    """For `resolve`, and required then."""
    dry_run: bool | None = False
    """Only count the executions, and decide nothing."""


class Resolution(Document):
    """The body of ``POST /v1/executions/{id}/resolve``: what an operator found out about an unknown outcome."""

    status: Literal["completed", "failed"]
    result: Annotated[Any, Field(repr=False)] = None
    """For `completed`: the result, as if Genesys Cloud had sent it."""
    error: Reported = None
    """For `failed`: as an object, or in a sentence."""
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None
    """How this is known, for the audit trail."""
