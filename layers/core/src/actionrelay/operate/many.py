"""Use case: an operator decides about many executions at once, and follows the progress.

The list's filter selects the executions when the decision is requested. The decision is recorded with their ids, and a
message starts the work in the background (``operate.many_work``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from actionrelay.errors import DecisionNotFoundError, InvalidRequestError
from actionrelay.faults import Faults
from actionrelay.ids import is_uuid
from actionrelay.ledger.ports import PayloadStore
from actionrelay.operate.bodies import DecisionRequest
from actionrelay.operate.ports import DecisionMessage, DecisionQueue, DecisionStore, ManyDecision
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.schemas import read
from actionrelay.strict_json import Json, as_json, digest

type Filters = Mapping[str, str]


class DecisionPreviewDocument(TypedDict):
    """How many executions a decision would include."""

    matched: int


class DecisionTakenDocument(TypedDict):
    """A recorded decision about many, and how many executions it includes."""

    decisionId: str
    matched: int


class DecisionProgressDocument(TypedDict):
    """The progress of a decision about many."""

    decisionId: str
    status: Literal["running", "completed"]
    matched: int
    """The executions that the filter matched when it was requested."""
    decided: int
    """Those that it was taken about."""
    refused: int
    """Those whose state does not allow it, or that have changed since."""


@dataclass(frozen=True, slots=True)
class DecideAboutMany:
    """Records decisions about many, and reports their progress."""

    decisions: DecisionStore
    payloads: PayloadStore
    queue: DecisionQueue
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness
    body: Callable[[bytes], Json]
    """Reads a body by the rules of this deployment."""
    check: Callable[[Filters], None]
    """Refuses an invalid filter with every fault (``InvalidRequestError``)."""
    select: Callable[[Filters, int], Sequence[str]]
    """Selects the executions that a filter matches, accepted up to a time (ms), or refuses it as too wide."""

    def take(self, raw: bytes, actor: str | None) -> dict[str, Json]:
        """Take a decision as sent: ``{matched}`` for a dry run, else ``{decisionId, matched}``.

        If the queue fails, nothing is decided; a repeat is a new decision with a new selection.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault; or the filter matches too many.
            QueueUnavailableError: recorded, but not started.
        """
        request = self.read(raw)
        now = self.clock.now()
        selected = self.select(filters_of(request), now)
        if request.dry_run:
            preview: DecisionPreviewDocument = {"matched": len(selected)}
            return as_json(preview)
        decision_id = self.randomness.new_id()
        listed = "\n".join(selected).encode()
        decision = ManyDecision(
            decision_id=decision_id,
            actor=actor,
            requested_at=now,
            body=self.payloads.refer(f"decision/{decision_id}/request/{digest(raw)}", raw),
            executions=self.payloads.refer(f"decision/{decision_id}/executions/{digest(listed)}", listed),
            matched=len(selected),
        )
        self.payloads.put(decision.body, raw)
        self.payloads.put(decision.executions, listed)
        self.decisions.create(decision)
        if selected:
            self.queue.enqueue(DecisionMessage(decision_id))
        self.telemetry.event(
            "decision_taken", decision_id=decision_id, decision=request.decision, matched=len(selected)
        )
        taken: DecisionTakenDocument = {"decisionId": decision_id, "matched": len(selected)}
        return as_json(taken)

    def progress(self, decision_id: str) -> dict[str, Json]:
        """Return the progress of a decision.

        Raises:
            DecisionNotFoundError: no decision has this id.
        """
        decision = self.decisions.load(decision_id.lower()) if is_uuid(decision_id) else None
        if decision is None:
            raise DecisionNotFoundError("no decision with this id", decision_id=decision_id[:128])
        document: DecisionProgressDocument = {
            "decisionId": decision.decision_id,
            "status": "completed" if len(decision.done) == decision.parts else "running",
            "matched": decision.matched,
            "decided": sum(part.decided for part in decision.done.values()),
            "refused": sum(part.refused for part in decision.done.values()),
        }
        return as_json(document)

    def read(self, raw: bytes) -> DecisionRequest:
        """Read a decision as sent.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
        """
        document = self.body(raw)
        request = read(DecisionRequest, document)
        faults = request if isinstance(request, Faults) else Faults()
        if isinstance(document, dict):
            self._check_filter(document.get("filter"), faults)
            _check_resolution(document, faults)
        if isinstance(request, Faults) or faults:
            faults.refuse()
        return request

    def _check_filter(self, given: Json, faults: Faults) -> None:
        if not isinstance(given, dict):
            return  # the schema has said so
        if not any(value is not None for value in given.values()):
            faults.add(
                ("filter",), "schema", "must have at least one parameter of the list, since without any it means all"
            )
        try:
            self.check({name: value for name, value in given.items() if isinstance(value, str)})
        except InvalidRequestError as error:
            faults.take(*error.faults)


def _check_resolution(document: Mapping[str, Json], faults: Faults) -> None:
    resolves, given = document.get("decision") == "resolve", document.get("resolution") is not None
    if resolves and not given:
        faults.add(("resolution",), "schema", "required for the decision resolve")
    if given and not resolves:
        faults.add(("resolution",), "schema", "is only for the decision resolve")


def filters_of(request: DecisionRequest) -> dict[str, str]:
    """Return the parameters of a request's filter that are given."""
    return {name: value for name, value in request.filter.items() if value is not None}
