"""What delivering needs to know of workflows. Each call may raise ``DependencyError``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.ledger.execution import Delivery


@dataclass(frozen=True, slots=True)
class WorkflowOutcome:
    """What a workflow has come to, and how far its delivery is."""

    workflow_id: str
    trace_id: str
    url: str
    caller: str
    """Whose workflow it is (``lanes.caller_name``); nothing where nobody knows."""
    type: str
    """Of the webhook: ``workflow.completed``."""
    settled_at: int
    """When it did (ms): with the id it names this outcome."""
    delivery: Delivery
    document: Callable[[], Mapping[str, object]] = field(repr=False, compare=False)
    """Returns the workflow, as it is when it is asked for."""


class WorkflowOutcomes(Protocol):
    """The workflows whose callers want to hear of them."""

    def load(self, workflow_id: str) -> WorkflowOutcome | None:
        """Read what a workflow has come to; None where it is gone, still runs, or has no webhook."""
        ...

    def record(self, outcome: WorkflowOutcome, delivery: Delivery) -> WorkflowOutcome | None:
        """Write a try down; None where another worker was first, or it has come to something else since.

        Raises:
            StaleWriteError: others were first each time.
        """
        ...
