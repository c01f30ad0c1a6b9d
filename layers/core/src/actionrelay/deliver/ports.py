"""What delivering needs to know of what it delivers: ended executions, and workflows that have an outcome.

Each call may raise ``DependencyError``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from actionrelay.ledger.execution import Delivery, ExecutionError, WebhookStatus
from actionrelay.ledger.message import MessageKind
from actionrelay.ledger.receiver import receiver_group


@dataclass(frozen=True, slots=True)
class Deliverable[Record]:
    """An outcome with a webhook, and the state of its delivery."""

    record: Record = field(repr=False)
    """What it was read from, for its source."""
    subject_id: str
    """Of the execution or the workflow."""
    trace_id: str
    url: str
    caller: str
    """Whose it is (``lanes.caller_name``); empty where that is not known."""
    type: str
    """Of the webhook: ``execution.completed``."""
    settled_at: int
    """When it got this outcome (ms)."""
    delivery: Delivery
    version: int
    """Of the record. A message names it, so that one that is older than the record is known."""

    @property
    def owner(self) -> str:
        """Whose receiver the URL is (``receiver_group``)."""
        return receiver_group(self.url) or ""

    @property
    def webhook_id(self) -> str:
        """The same on each try; another one for another outcome."""
        return f"{self.subject_id}-{self.settled_at}"


@dataclass(frozen=True, slots=True)
class Try:
    """One try to deliver, and where it leaves the delivery."""

    status: WebhookStatus
    at: int
    """When it ended (ms)."""
    next_at: int | None
    """When the next one is due (ms); None where there is none."""
    latency_ms: int | None
    """How long the receiver took; None where it did not answer."""
    cause: ExecutionError
    """What the receiver answered, or why it did not."""


class Deliverables[Record](Protocol):
    """Where outcomes are on record, with their deliveries."""

    kind: ClassVar[MessageKind]
    """Of the delivery queue's messages about them."""

    def load(self, subject_id: str, version: int | None = None) -> Deliverable[Record] | None:
        """Read one; None where it is gone, has no outcome, or needs no webhook.

        ``version`` is the message's: up to it the audit is written.
        """
        ...

    def document(self, due: Deliverable[Record]) -> Mapping[str, object] | None:
        """Return what the webhook says of it; None while its result is still being stored."""
        ...

    def write_audit(self, due: Deliverable[Record]) -> None:
        """Write the audit entries that its record still lists as pending."""
        ...

    def record(self, due: Deliverable[Record], tried: Try) -> Deliverable[Record] | None:
        """Record a try, and write its audit; None where another try, series or outcome was recorded first.

        Raises:
            StaleWriteError: other writers were first each time.
        """
        ...
