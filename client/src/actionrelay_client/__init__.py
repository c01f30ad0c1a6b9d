"""The Python client of actionrelay, which runs Genesys Cloud Data Actions for other systems.

>>> from actionrelay_client import Client
>>> with Client() as client:                                     # doctest: +SKIP
...     done = client.run("8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e", {"customerId": "cust_998877"})
...     print(done.status, done.result)
"""

from actionrelay_client.client import Client
from actionrelay_client.documents import (
    Action,
    AuditEntry,
    AuditTrail,
    Batch,
    BatchItem,
    Execution,
    ExecutionError,
    Health,
    Metrics,
    Waiting,
    Workflow,
    WorkflowStep,
)
from actionrelay_client.errors import (
    AccessDeniedError,
    ActionRelayError,
    ApiError,
    BacklogFullError,
    ConflictError,
    Fault,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    NotServedError,
    PayloadTooLargeError,
    SettingsError,
    ThrottledError,
    UnavailableError,
    UnreadableAnswerError,
    UnsendableError,
    WaitTimeoutError,
    WebhookError,
    WrongStateError,
)
from actionrelay_client.repeats import Repeats
from actionrelay_client.settings import Settings
from actionrelay_client.webhooks import Webhook, verify_webhook

__all__ = [
    "AccessDeniedError",
    "Action",
    "ActionRelayError",
    "ApiError",
    "AuditEntry",
    "AuditTrail",
    "BacklogFullError",
    "Batch",
    "BatchItem",
    "Client",
    "ConflictError",
    "Execution",
    "ExecutionError",
    "Fault",
    "Health",
    "InvalidRequestError",
    "Metrics",
    "NoAnswerError",
    "NotFoundError",
    "NotServedError",
    "PayloadTooLargeError",
    "Repeats",
    "Settings",
    "SettingsError",
    "ThrottledError",
    "UnavailableError",
    "UnreadableAnswerError",
    "UnsendableError",
    "WaitTimeoutError",
    "Waiting",
    "Webhook",
    "WebhookError",
    "Workflow",
    "WorkflowStep",
    "WrongStateError",
    "verify_webhook",
]
