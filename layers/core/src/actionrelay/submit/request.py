"""The body of ``POST /v1/executions`` as a strict schema.

Rules that need more than one field, a setting or the network are in ``submit.rules``.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from actionrelay.ids import ACTION_ID_FORM
from actionrelay.lanes import Lane
from actionrelay.schemas import Document, Uuid, whole
from actionrelay.webhooks.targets import MAX_URL_LENGTH

MAX_TIMEOUT_MS = 300_000
DEFAULT_TIMEOUT_MS = 60_000
MAX_ACTION_ID_LENGTH = 128


class ExecutionRequest(Document):
    """The body of ``POST /v1/executions``."""

    # The docstring of a field is its description in the OpenAPI document, and `json_schema_extra` is only for that: ids
    # and references are checked in `submit.rules`, with clearer messages.
    action_id: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_ACTION_ID_LENGTH),
        Field(json_schema_extra={"pattern": f"^{ACTION_ID_FORM}$"}),
    ]
    """`data-actions`: a UUID. `integrations`: letters, digits, `_` and `-`."""
    inputs: Annotated[dict[str, Any], Field(repr=False)]
    """No value is more than `MaxInputDepth` (5) steps below it; an array index is a step too."""
    timeout: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MS), BeforeValidator(whole)] = DEFAULT_TIMEOUT_MS
    """How long the action may take, in ms; with `integrations` at most 60000, and by default the action's own."""
    cache_results: bool = True
    """Whether a cached result may answer, and whether this result may be cached. With `integrations` it is true by
    default for an action that is a GET, and false for any other."""
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
    """Sent to Genesys Cloud (`X-Trace-Id`) and to the webhook, and recorded in the audit trail. By default it is the
    `executionId`."""
    action_references: dict[str, Any] | None = None
    """The dependencies of each name: `{name: [names]}` or `{name: {dependency: …}}`. No name may depend on itself,
    directly or through others."""
    idempotent: bool = False
    """Whether running the action twice does no harm, so that it is tried again after a lost outcome. With
    `integrations` it is true by default for an action that is a GET."""
    lane: Annotated[Lane, Field(strict=False)] = Lane.INTERACTIVE
    """`bulk` waits while `interactive` executions wait, except for its guaranteed share of the rate."""
