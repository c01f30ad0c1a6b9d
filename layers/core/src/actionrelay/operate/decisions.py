"""Use case: an operator retries, resolves, cancels, redelivers or acknowledges one execution."""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.operator_decisions import Decision
from actionrelay.operate.bodies import Acknowledgement, Resolution, Retry
from actionrelay.operate.taking import Order, TakeDecision, Terms
from actionrelay.schemas import read_valid
from actionrelay.strict_json import Json, parse


@dataclass(frozen=True, slots=True)
class OperateExecution:
    """The operator's five decisions. A repeat of one finishes what a failure left undone."""

    taking: TakeDecision
    body: Callable[[bytes], Json] = parse
    """Reads a body by the rules of this deployment."""

    def retry(self, execution_id: str, actor: str | None, raw: bytes = b"") -> Execution:
        """Run a failed execution again; ask again about the same run of an unknown one.

        Where the contract carries an id, asking again runs nothing twice. With ``again`` an unknown execution is run
        again too.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: no execution has this id.
            WrongStateError: it is neither failed nor unknown.
            QueueUnavailableError: decided, but not queued.
        """
        order = Order(Decision.RETRY, again=bool(self.read_retry(raw).again))
        return self.taking.take_once(self.taking.load(execution_id), order, Terms(actor))

    def resolve(self, execution_id: str, raw: bytes, actor: str | None) -> Execution:
        """Record what was found out about an unknown outcome.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: no execution has this id.
            WrongStateError: its outcome is not unknown, and no operator recorded this one.
        """
        resolution = self.read_resolution(raw)
        execution = self.taking.load(execution_id)
        order = self.taking.resolution(execution, resolution, raw)
        self.taking.success_rate.refresh()
        return self.taking.take_once(execution, order, Terms(actor, resolution.note))

    def cancel(self, execution_id: str, actor: str | None) -> Execution:
        """Stop a queued execution. A repeat is refused, and finishes the first.

        Raises:
            ExecutionNotFoundError: no execution has this id.
            WrongStateError: it is not queued any more, or an earlier attempt may have run.
        """
        execution, order = self.taking.load(execution_id), Order(Decision.CANCEL)
        if execution.status is Status.CANCELLED:
            self.taking.finish(execution, order)
        return self.taking.take(execution, order, Terms(actor))

    def redeliver(self, execution_id: str, actor: str | None) -> Execution:
        """Deliver to the caller's webhook now: the next try of a pending delivery, else a new series of tries.

        Raises:
            ExecutionNotFoundError: no execution has this id.
            WrongStateError: it has not ended, or has no webhook.
            QueueUnavailableError: decided, but not queued.
        """
        return self.taking.take_once(self.taking.load(execution_id), Order(Decision.REDELIVER), Terms(actor))

    def acknowledge(self, execution_id: str, raw: bytes, actor: str | None) -> Execution:
        """Record that an operator has seen that it failed, is unknown or was not delivered; a repeat changes nothing.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: no execution has this id.
            WrongStateError: nothing about it needs attention.
        """
        terms = Terms(actor, self.read_acknowledgement(raw).note)
        return self.taking.take_once(self.taking.load(execution_id), Order(Decision.ACKNOWLEDGE), terms)

    # Bodies only, to find all faults of a request that is refused anyway. Each raises as its decision does.

    def read_retry(self, raw: bytes) -> Retry:
        """Read the body of ``retry``, which may be left out."""
        return read_valid(Retry, self.body(raw) if raw.strip() else {})

    def read_resolution(self, raw: bytes) -> Resolution:
        """Read the body of ``resolve``."""
        return read_valid(Resolution, self.body(raw))

    def read_acknowledgement(self, raw: bytes) -> Acknowledgement:
        """Read the body of ``acknowledge``, which may be left out."""
        return read_valid(Acknowledgement, self.body(raw) if raw.strip() else {})
