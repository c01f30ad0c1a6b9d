"""What the witnesses of one campaign say, as plain values: the checker sees nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actionrelay.ledger.audit_entry import AuditEntry

ENDED = frozenset({"completed", "failed", "unknown", "cancelled"})


@dataclass(frozen=True, slots=True)
class Order:
    """One execution as planned. Its ids and inputs are nobody else's, but where it is a twin of others."""

    execution_id: str
    trace_id: str
    action_id: str
    inputs: Mapping[str, Any]
    kind: str
    faults: Sequence[Mapping[str, Any]] = ()
    """What the simulator does with the first requests of it, one each."""
    idempotent: bool = False
    copies: int = 1
    """How many callers send it at the same time."""
    rival_inputs: Mapping[str, Any] | None = None
    """Other content that somebody sends under the same id."""
    result_bytes: int = 0
    cached: bool = False
    """It may be answered from the cache: others have the same inputs."""
    webhook: bool = False
    step: str | None = None
    """The step of a workflow that it is of; nobody submits such an execution."""

    @property
    def shed(self) -> bool:
        """Whether a 503 that it meets comes with `Retry-After`, and so from before the action."""
        return any(fault.get("status") == 503 and "retryAfter" in fault for fault in self.faults)


@dataclass(frozen=True, slots=True)
class FlowOrder:
    """One workflow as planned: its definition, as it is sent, and what its steps meet in their first run."""

    workflow_id: str
    trace_id: str
    shape: str
    steps: Mapping[str, Mapping[str, Any]]
    """By name. Each has an action of its own."""
    kinds: Mapping[str, str]
    faults: Mapping[str, Sequence[Mapping[str, Any]]]
    retried: bool = False
    """An operator has it run again, once it has failed."""
    webhook: bool = False


@dataclass(frozen=True, slots=True)
class CallerEntry:
    """One answer, or the lack of one, in a caller's log."""

    at: float
    """Seconds since the epoch, as everywhere here."""
    execution_id: str
    """Or that of a workflow."""
    rival: bool
    """Whether the rival's content was sent."""
    status: int | None
    """None when no answer came."""
    said: str
    """The execution's status, the problem's code, or the connection's error."""
    answered_id: str | None = None
    read: bool = False
    """Whether this is a GET of its state; else it is a submission."""


@dataclass(frozen=True, slots=True)
class GenesysRequest:
    """One request to execute an action, as the simulator recorded it."""

    sequence: int
    at: float
    trace_id: str | None
    status: int | None
    """None when no answer went out."""
    fault: str | None = None
    ran: bool = False
    repeat: bool = False
    """It found the run of an earlier one."""
    execution_id: str | None = None
    """Where the contract carries it."""
    action_id: str | None = None
    inputs_hash: str | None = None
    """SHA-256 of its inputs in canonical form."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One result that the simulator sent, with what each try met."""

    execution_id: str
    outcome: str
    attempts: Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Kills:
    """How many workers were killed, by function."""

    by_function: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_function.values())


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known about one campaign."""

    contract: str
    orders: Sequence[Order]
    log: Sequence[CallerEntry]
    runs: Mapping[str, int]
    """How often an action ran: by execution id (data-actions) or by trace id (integrations)."""
    requests: Sequence[GenesysRequest]
    callbacks: Sequence[Callback]
    audit: Mapping[str, Sequence[AuditEntry]]
    """By execution id, in the order of `seq`."""
    finals: Mapping[str, Mapping[str, Any]]
    """The document of the last GET, by execution id."""
    delivered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The statuses that the caller's webhook reported, by the id of the execution or workflow."""
    counted: Mapping[str, Any] = field(default_factory=dict)
    """What the stored counters say."""
    kills: Kills = field(default_factory=Kills)
    flows: Sequence[FlowOrder] = ()
    flow_finals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The document of the last GET, by workflow id."""
    retries: Mapping[str, Sequence[CallerEntry]] = field(default_factory=dict)
    """What an operator was answered who asked for a workflow to be run again, by workflow id."""
    redriven: int = 0
    """Messages brought back from the dead-letter queue, as an operator does it."""
    seconds: float = 0.0

    @property
    def carries_id(self) -> bool:
        """Whether the contract carries the execution id, which makes a repeated request safe."""
        return self.contract == "data-actions"

    def runs_of(self, flow: FlowOrder) -> int:
        """Return how many runs a workflow's steps may have: the first, and one for each retry that was asked for."""
        return 1 + len(self.retries.get(flow.workflow_id, ()))
