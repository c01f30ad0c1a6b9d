"""The bodies of callers' webhooks."""

from typing import Literal, TypedDict

from actionrelay.ledger.document import ExecutionDocument
from actionrelay.strict_json import Json
from actionrelay.timestamps import Timestamp


class WebhookDocument(TypedDict):
    """The webhook of an ended execution."""

    type: Literal["execution.completed", "execution.failed", "execution.unknown"]
    timestamp: Timestamp
    """When it ended."""
    data: ExecutionDocument


class WorkflowWebhookDocument(TypedDict):
    """The webhook of a workflow that is completed, failed, blocked or cancelled."""

    type: Literal["workflow.completed", "workflow.failed", "workflow.blocked", "workflow.cancelled"]
    timestamp: Timestamp
    """When it got that status."""
    data: dict[str, Json]
    """The workflow, as `GET /workflows/{workflowId}` shows it."""
