"""What every witness says about one execution, side by side; and what a broken promise is called."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from actionrelay.ledger.audit_entry import AuditEntry
from local.chaos.flow_reference import executions
from local.chaos.history import Callback, CallerEntry, GenesysRequest, History, Order
from local.genesys.actions import inputs_hash

ACCEPTED = frozenset({200, 202})


class Broken(StrEnum):
    """The ways in which a promise can be broken."""

    LOST = "lost"
    RAN_TWICE = "ran twice"
    RISKED = "asked again after an ambiguous end"
    SILENT_FAILURE = "failed, but it ran"
    UNFOUNDED_FAILURE = "failed without a reason"
    PHANTOM_SUCCESS = "completed, but it never ran"
    WRONG_RESULT = "wrong result"
    GUESSED = "decided what nobody can know"
    UNFOUNDED_UNKNOWN = "unknown without a reason"
    OUTCOME_CHANGED = "outcome overwritten"
    NO_AUDIT = "no audit trail"
    AUDIT_GAP = "gap in the audit trail"
    AUDIT_CHANGED = "audit chain does not verify"
    AUDIT_DISAGREES = "audit trail and state disagree"
    ILLEGAL_STEP = "illegal transition"
    ATTEMPTS = "attempts do not add up"
    CONFLICT = "idempotency broken"
    REFUSED = "valid request refused"
    NOT_DELIVERED = "delivered to nobody"
    MISCOUNTED = "counters disagree"
    STUCK = "workflow stuck"
    TOO_EARLY = "began before what it depends on"
    OFF_PLAN = "not what the definition calls for"
    UNASKED = "an execution that nobody asked for"
    RAN_AGAIN = "ran again although it had completed"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise, and by which execution, or workflow, it shows."""

    broken: Broken
    execution_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Case:
    """One execution, seen by all."""

    order: Order
    carries_id: bool
    log: Sequence[CallerEntry]
    """Its submissions."""
    reads: Sequence[CallerEntry]
    requests: Sequence[GenesysRequest]
    callbacks: Sequence[Callback]
    audit: Sequence[AuditEntry]
    final: Mapping[str, Any] | None
    runs: int
    twin_runs: int
    """How often the action ran for all executions with the same inputs together."""
    delivered: Sequence[str]

    @property
    def accepted(self) -> bool:
        """Whether a caller saw it."""
        return any(entry.status in ACCEPTED for entry in self.log)

    @property
    def rival_accepted(self) -> bool:
        """Whether it was the rival's content that was taken."""
        return any(entry.status in ACCEPTED and entry.rival for entry in self.log)

    @property
    def status(self) -> str | None:
        """Its final state."""
        return None if self.final is None else str(self.final["status"])

    @property
    def repeatable(self) -> bool:
        """Whether the relay may ask again after an ambiguous end."""
        return self.carries_id or self.order.idempotent

    def violation(self, broken: Broken, detail: str) -> Violation:
        """Say what is broken here."""
        return Violation(broken, self.order.execution_id, detail)


type Rule = Callable[[Case], Iterable[Violation]]


def cases(history: History) -> tuple[Case, ...]:
    """Join the witnesses: one case for each order, and one for each execution of a workflow that is on record."""
    log = _grouped((entry for entry in history.log if not entry.read), lambda entry: entry.execution_id)
    reads = _grouped((entry for entry in history.log if entry.read), lambda entry: entry.execution_id)
    requests = _grouped(history.requests, lambda request: request.trace_id or "")
    callbacks = _grouped(history.callbacks, lambda callback: callback.execution_id)
    runs = {order.execution_id: history.runs.get(_run_key(history, order), 0) for order in history.orders}
    by_inputs: defaultdict[str, int] = defaultdict(int)
    for order in history.orders:
        by_inputs[repr(order.inputs)] += runs[order.execution_id]

    def case(order: Order, asked: Iterable[GenesysRequest], count: int, twin_runs: int) -> Case:
        return Case(
            order=order,
            carries_id=history.carries_id,
            log=log.get(order.execution_id, ()),
            reads=reads.get(order.execution_id, ()),
            requests=sorted(asked, key=lambda request: request.sequence),
            callbacks=callbacks.get(order.execution_id, ()),
            audit=history.audit.get(order.execution_id, ()),
            final=history.finals.get(order.execution_id),
            runs=count,
            twin_runs=twin_runs,
            delivered=history.delivered.get(order.execution_id, ()),
        )

    def of_step(order: Order) -> Case:
        asked = [each for each in requests.get(order.trace_id, ()) if _is_of_step(history, each, order)]
        count = sum(request.ran for request in asked)
        return case(order, asked, count, count)

    alone = (
        case(
            order,
            requests.get(order.trace_id, ()),
            runs[order.execution_id],
            by_inputs[repr(order.inputs)],
        )
        for order in history.orders
    )
    steps = (of_step(order) for flow in history.flows for _, order in executions(flow, history.runs_of(flow)))
    return (*alone, *(each for each in steps if each.audit or each.final or each.requests))


def _is_of_step(history: History, request: GenesysRequest, order: Order) -> bool:
    """Whether a request was made for an execution of a workflow: all of these have one trace id."""
    if history.carries_id:
        return request.execution_id == order.execution_id
    return (request.action_id, request.inputs_hash) == (order.action_id, inputs_hash(order.inputs))


def _run_key(history: History, order: Order) -> str:
    return order.execution_id if history.carries_id else order.trace_id


def _grouped[Thing](things: Iterable[Thing], key: Callable[[Thing], str]) -> dict[str, list[Thing]]:
    groups: defaultdict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[key(thing)].append(thing)
    return groups
