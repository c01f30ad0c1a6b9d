"""Use case: accept a request. It is recorded only if it keeps every rule, and a recorded request is queued."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from actionrelay.errors import (
    AlreadyRecordedError,
    BacklogFullError,
    ExecutionConflictError,
    QueueUnavailableError,
    RequestError,
)
from actionrelay.fault import Fault
from actionrelay.json_content import content_form
from actionrelay.json_text import members
from actionrelay.lanes import Flow, Lane, caller_name
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import CacheStatus, Execution, LearnedDefault, PayloadRef, Status, WorkflowPlace
from actionrelay.ledger.message import Message
from actionrelay.ledger.ports import DeliveryQueue, ExecutionQueue, PayloadStore, ResultCache
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.signals import Count
from actionrelay.strict_json import canonical, digest
from actionrelay.submit.backlog import Backlog
from actionrelay.submit.defaults import with_defaults
from actionrelay.submit.request import ExecutionRequest
from actionrelay.submit.rules import RequestRules

MAX_WARNINGS = 10
"""The most warnings of an execution, since they are part of its record."""


class Disposition(StrEnum):
    """The outcome of a submission."""

    VALID = "valid"
    """A dry run: nothing has changed."""
    ACCEPTED = "accepted"
    SERVED_FROM_CACHE = "served_from_cache"
    REPEATED = "repeated"
    """The same id with the same content is on record; the answer is its current state."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A disposition, and the execution, which a dry run does not have."""

    disposition: Disposition
    request: ExecutionRequest
    """As it is executed: with every default."""
    execution: Execution | None = None
    defaults: tuple[LearnedDefault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    """Defaults and warnings of a dry run; those of an execution are in its record."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A request as it was sent, and as it is executed."""

    sent: ExecutionRequest
    request: ExecutionRequest
    defaults: tuple[LearnedDefault, ...]
    warnings: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class SubmitExecution:
    """Validates, records and queues one request."""

    rules: RequestRules
    recorder: Recorder
    payloads: PayloadStore
    cache: ResultCache
    queue: ExecutionQueue
    deliveries: DeliveryQueue
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness
    audit_kept_days: int
    """How long the audit keeps the entries of executions that are accepted now."""
    backlog: Backlog | None
    """None if room is guaranteed, as for the steps of an accepted workflow."""

    def submit(
        self, raw: bytes, idempotency_key: str | None = None, caller: str | None = None, *, dry_run: bool = False
    ) -> Submitted:
        """Take a request body as sent, with the ``Idempotency-Key`` header of ``caller``.

        The execution is recorded before it is queued. If the queue fails, the caller's repeat under the same id finds
        the record and queues it.

        Raises:
            MalformedJsonError: not JSON with one meaning.
            PayloadTooLargeError: more bytes than allowed.
            InvalidRequestError: with every fault.
            ExecutionConflictError: the id belongs to other content.
            BacklogFullError: its lane has no room; nothing is recorded.
            QueueUnavailableError: recorded, not queued.
        """
        if dry_run:
            prepared = self._prepare(self.rules.read(raw, idempotency_key, caller))
            return Submitted(
                Disposition.VALID, prepared.request, defaults=prepared.defaults, warnings=prepared.warnings
            )
        try:
            return self._submit(self._prepare(self.rules.read(raw, idempotency_key, caller)), raw, caller)
        except RequestError:
            self.telemetry.count(Count.SUBMISSIONS_REJECTED)
            raise

    def accept(
        self, request: ExecutionRequest, raw: bytes, place: WorkflowPlace, caller: str | None = None
    ) -> Execution:
        """Take the valid request of a workflow's step. As safe to repeat as ``submit``.

        Raises:
            ExecutionConflictError: the id belongs to other content.
            QueueUnavailableError: recorded, not queued.
        """
        accepted = self._submit(self._prepare(request), raw, caller, place).execution
        assert accepted is not None  # noqa: S101 - only a dry run has none
        return accepted

    def _prepare(self, sent: ExecutionRequest) -> _Prepared:
        """Add the action's defaults and the warnings of its contract."""
        actions = self.rules.actions
        request, defaults = with_defaults(sent, actions.defaults(sent.action_id))
        # An enforced contract is one of the rules, so this request keeps it.
        warnings = () if actions.enforced else tuple(actions.faults(sent.action_id, sent.inputs))[:MAX_WARNINGS]
        return _Prepared(sent, request, defaults, warnings)

    def _submit(
        self, prepared: _Prepared, raw: bytes, caller: str | None, place: WorkflowPlace | None = None
    ) -> Submitted:
        request, parts = prepared.request, members(raw.decode())
        inputs, references = parts["inputs"].encode(), _stated(parts, "actionReferences")
        draft = replace(self._draft(prepared, inputs, references, caller), workflow=place)
        self.telemetry.concerning(draft.execution_id, draft.trace_id)
        hit = self._cached(draft)
        try:
            if hit:
                execution = self._serve(draft, hit)
                return Submitted(Disposition.SERVED_FROM_CACHE, request, execution)
            self._require_room(draft)
            self.payloads.put(draft.request, inputs)
            if draft.references is not None:
                self.payloads.put(draft.references, references)
            execution = self.recorder.create(ledger.accept(draft))
        except AlreadyRecordedError:
            return Submitted(Disposition.REPEATED, request, self._repeat(draft))
        self._queue(execution)
        self.telemetry.count(Count.EXECUTIONS_ACCEPTED)
        if execution.warnings:
            self.telemetry.count(Count.CONTRACT_WARNINGS, execution.warnings[0].code)
        return Submitted(Disposition.ACCEPTED, request, execution)

    def _require_room(self, draft: Execution) -> None:
        """Refuse a new execution if its lane is full. A repeat of a recorded one is answered as a repeat."""
        if self.backlog is None or draft.workflow is not None:
            return
        if wait_s := self.backlog.refuses_for(Flow(draft.lane, draft.caller)):
            if self.recorder.load(draft.execution_id) is not None:
                raise AlreadyRecordedError("this id is taken")
            raise BacklogFullError(draft.lane, wait_s)

    def _draft(self, prepared: _Prepared, inputs: bytes, references: bytes, caller: str | None) -> Execution:
        request, now = prepared.request, self.clock.now()
        execution_id = request.execution_id or self.randomness.new_id()
        caching = request.cache_results
        asked = self.payloads.refer(f"{execution_id}/request/{digest(inputs)}", inputs)
        meant_inputs = content_form(request.inputs, inputs)
        return Execution(
            execution_id=execution_id,
            action_id=request.action_id,
            # Its own id finds an execution as well, so a search for it needs no index.
            trace_id=request.trace_id or execution_id,
            content_hash=content_hash(prepared.sent, meant_inputs),
            request=asked,
            timeout_ms=request.timeout,
            cache_key=cache_key(request.action_id, meant_inputs) if caching else None,
            webhook_url=request.webhook_url,
            repeatable=request.idempotent or self.rules.contract_carries_id,
            created_at=now,
            queued_at=now,
            updated_at=now,
            cache_status=CacheStatus.ENABLED if caching else CacheStatus.DISABLED,
            idempotent=request.idempotent,
            references=self.payloads.refer(f"{execution_id}/references/{digest(references)}", references, beside=asked)
            if references
            else None,
            acceptance_id=self.randomness.new_id(),
            audit_kept_days=self.audit_kept_days,
            lane=request.lane,
            caller=caller_name(caller),
            defaults=prepared.defaults,
            warnings=prepared.warnings,
        )

    def _cached(self, draft: Execution) -> PayloadRef | None:
        if draft.cache_key is None:
            return None
        entry = self.cache.lookup(draft.cache_key)
        if entry is None or entry.expires_at <= self.clock.now():
            return None
        source = self.recorder.load(entry.execution_id)
        if source is None or source.cache_key != draft.cache_key:
            return None
        result = source.reusable_result
        return result if result and self.payloads.get(result) is not None else None

    def _serve(self, draft: Execution, result: PayloadRef) -> Execution:
        hit = replace(draft, cache_status=CacheStatus.HIT)
        execution = self.recorder.create(ledger.serve_from_cache(hit, result, self.clock.now()))
        if execution.webhook_url:
            self.deliveries.send(execution.execution_id, version=execution.version, receiver=execution.webhook_url)
        self.telemetry.count(Count.CACHE_HITS)
        return execution

    def _repeat(self, draft: Execution) -> Execution:
        recorded = self.recorder.load(draft.execution_id)
        if recorded is not None:
            self.telemetry.concerning(recorded.execution_id, recorded.trace_id)
        if recorded is None or recorded.content_hash != draft.content_hash:
            raise ExecutionConflictError(
                "this execution id was used for another request", execution_id=draft.execution_id
            )
        return self.finish(recorded)

    def finish(self, recorded: Execution) -> Execution:
        """Complete an acceptance that may have been interrupted. Safe to repeat.

        Raises:
            QueueUnavailableError: recorded, not queued.
        """
        recorded = self.recorder.pay(recorded)
        if recorded.status is Status.QUEUED and recorded.attempts == 0 and recorded.next_at is None:
            # It may not have reached the queue. A second message does no harm.
            self._queue(recorded)
        elif recorded.cache_status is CacheStatus.HIT and recorded.webhook_url and not recorded.delivery.attempts:
            self.deliveries.send(recorded.execution_id, version=recorded.version, receiver=recorded.webhook_url)
        return recorded

    def _queue(self, execution: Execution) -> None:
        """Queue an execution. If that fails, the error has the id under which a repeat queues it."""
        try:
            self.queue.send(Message.about(execution))
        except QueueUnavailableError as error:
            message = "recorded, and not queued: send the same request again with this executionId"
            raise QueueUnavailableError(message, aws_code=error.aws_code, execution_id=execution.execution_id) from None


def _stated(parts: Mapping[str, str], name: str) -> bytes:
    """Return the text of an optional field; empty if it is absent or null."""
    text = parts.get(name, "null")
    return b"" if text == "null" else text.encode()


def content_hash(request: ExecutionRequest, inputs: bytes) -> str:
    """Return the digest of what a request asks for: all fields except the two ids.

    The default lane is left out, so that a request from before there were lanes keeps its digest. ``inputs`` is their
    ``content_form``; it is inserted where the canonical form of the whole has it, so that it is made once.
    """
    labels = {"execution_id", "trace_id", "inputs"} | ({"lane"} if request.lane is Lane.INTERACTIVE else set())
    asked = {name: value for name, value in request if name not in labels}
    before = canonical({name: value for name, value in asked.items() if name < "inputs"})
    after = canonical({name: value for name, value in asked.items() if name > "inputs"})
    return digest(b'%s,"inputs":%s,%s' % (before[:-1], inputs, after[1:]))


def cache_key(action_id: str, inputs: bytes) -> str:
    """Return the digest of what a result depends on: the action and the ``content_form`` of its inputs."""
    return digest(b"[%s,%s]" % (canonical(action_id), inputs))
