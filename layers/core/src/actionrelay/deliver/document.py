"""What a caller's webhook gets."""

from typing import Literal, TypedDict

from actionrelay.ledger.document import ExecutionDocument
from actionrelay.strict_json import Json
from actionrelay.timestamps import Timestamp


class WebhookDocument(TypedDict):
    """What a caller's webhook gets when an execution has ended."""

    type: Literal["execution.completed", "execution.failed", "execution.unknown"]
    timestamp: Timestamp
    """When it ended."""
    data: ExecutionDocument


class WorkflowWebhookDocument(TypedDict):
    """What a caller's webhook gets when a workflow has come to something."""

    type: Literal["workflow.completed", "workflow.failed", "workflow.blocked", "workflow.cancelled"]
    timestamp: Timestamp
    """When it did."""
    data: dict[str, Json]
    """The workflow, as `GET /workflows/{workflowId}` shows it."""
