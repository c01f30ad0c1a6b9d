"""What must hold: the first half at every write and every request, the second when everything has come to rest."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from actionrelay.execute.after_attempt import MOST_REFUSALS
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.ledger.execution import CacheStatus, Execution, Status, WebhookStatus
from actionrelay.ledger.message import DeliveryMessage
from actionrelay.strict_json import canonical, digest
from tests.simulation.baton import Worker
from tests.simulation.memory import Audit, Payloads
from tests.simulation.platform import Platform

# Repeated here instead of taken from the ledger, so that a step that the ledger should not have is a fault.
_LEADS_TO = {
    Status.QUEUED: "queued running completed failed unknown cancelled",
    Status.RUNNING: "queued awaiting_webhook completed failed unknown",
    Status.AWAITING_WEBHOOK: "completed failed unknown",
    Status.UNKNOWN: "completed failed queued",
    Status.COMPLETED: "",
    Status.FAILED: "queued",
    Status.CANCELLED: "",
}
_BY_WORKERS = frozenset({Status.QUEUED, Status.RUNNING, Status.AWAITING_WEBHOOK})
_ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.UNKNOWN, Status.CANCELLED})


@dataclass(slots=True)
class Rules:
    """Observes every write and every request, and keeps what it needs to check them."""

    max_attempts: int
    platform: Platform
    broken: list[str] = field(default_factory=list)
    suspects: set[str] = field(default_factory=set)
    """Executions with a broken rule."""
    entries: dict[str, dict[int, AuditEntry]] = field(default_factory=dict)
    claims: dict[str, tuple[Worker, str]] = field(default_factory=dict)
    """The worker of each claimed attempt, until its request is sent."""
    owners: dict[str, Worker] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)
    """Executions of which a fault made it unknown whether they ran."""
    unstored: set[str] = field(default_factory=set)
    """Executions whose result a fault may have lost before it was stored."""
    tries: Counter[str] = field(default_factory=Counter)
    reruns: Counter[str] = field(default_factory=Counter)
    sent_as: dict[str, str] = field(default_factory=dict)
    """By execution: the id that was sent last."""
    spent: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By execution: the ids of earlier runs, before an operator asked for another one."""
    failed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By execution: those of them that had failed."""
    resolved: set[str] = field(default_factory=set)
    heard: set[tuple[str, str]] = field(default_factory=set)
    """Webhooks that decided an outcome."""
    paused: list[tuple[int, int]] = field(default_factory=list)

    def say(self, execution_id: str, fault: str) -> None:
        self.broken.append(f"{fault} ({execution_id})")
        self.suspects.add(execution_id)

    # -- After every write --

    def written(self, before: Execution | None, after: Execution, worker: Worker, now: int) -> None:
        """Check one write to the ledger."""
        name = after.execution_id
        if after.version != (before.version if before else 0) + 1:
            self.say(name, "a write does not count its version up by one")
        if before is not None and before.outcome is None and after.attempts > before.attempts + 1:
            self.say(name, "attempts were skipped")
        self._entries(before, after)
        if before is None:
            return
        if before.status is not after.status and after.status.value not in _LEADS_TO[before.status].split():
            self.say(name, f"illegal transition: {before.status} to {after.status}")
        if before.status is after.status and before.ended and before.outcome != after.outcome:
            self.say(name, "an outcome was overwritten")
        self._authority(before, after, worker, now)

    def _entries(self, before: Execution | None, after: Execution) -> None:
        seen = self.entries.setdefault(after.execution_id, {})
        if after.audit.seq <= (before.audit.seq if before else 0):
            self.say(after.execution_id, "a step has no audit entry")
        for entry in after.audit.owed:
            if seen.setdefault(entry.seq, entry) != entry:
                self.say(after.execution_id, "two histories have the same number")

    def _authority(self, before: Execution, after: Execution, worker: Worker, now: int) -> None:
        role, *about = worker.name.split()
        if role == "receive" and before.outcome != after.outcome:
            self._heard(after, about[0])
        elif role == "operate" or (role == "advance" and before.status is Status.UNKNOWN):
            self._operated(before, after, again="again" in about)
        elif role == "execute" and before.status not in _BY_WORKERS:
            self.say(before.execution_id, f"a worker wrote over {before.status}")
        elif role == "execute" and after.status is Status.RUNNING:
            self._claimed(before, after, worker, now)
        elif role == "execute" and before.attempt is not None:
            self._ended_attempt(before, self.owners[before.attempt.attempt_id], worker, now)
        elif role == "execute" and before.status is Status.AWAITING_WEBHOOK and after.status is Status.UNKNOWN:
            self.doubted.add(before.execution_id)
            if before.deadline_at is None or now < before.deadline_at:
                self.say(before.execution_id, "a webhook was given up before its deadline")

    def _heard(self, after: Execution, webhook: str) -> None:
        """Check that a webhook decides once, even if it is repeated after an operator's decision."""
        execution_id = after.execution_id
        if (execution_id, webhook) in self.heard:
            self.say(execution_id, "a webhook took effect twice")
        self.heard.add((execution_id, webhook))
        sent_as = self.platform.sent_as[execution_id, int(webhook.rpartition("-")[2])]
        if sent_as in self.failed[execution_id]:
            self.say(execution_id, "a webhook of a run that had failed decides about another")
        if after.status is Status.FAILED and sent_as in self.spent[execution_id]:
            self.say(execution_id, "the failure of an earlier run ends a later one")

    def _ended_attempt(self, before: Execution, owner: Worker, worker: Worker, now: int) -> None:
        """Check that a worker without its lease changes nothing, and that a takeover has a reason."""
        if owner is worker:
            return
        if before.attempt is not None and before.attempt.lease_until > now:
            self.say(before.execution_id, "a worker wrote over a lease that another holds")
        if owner.troubled or not owner.ended:
            self.doubted.add(before.execution_id)

    def _claimed(self, before: Execution, after: Execution, worker: Worker, now: int) -> None:
        assert after.attempt is not None
        if before.status is not Status.QUEUED:
            self.say(after.execution_id, "claimed what was not queued")
        if before.next_at is not None and now < before.next_at:
            self.say(after.execution_id, "an attempt before its time")
        if after.attempt.lease_until < worker.ends_at:
            self.say(after.execution_id, "the lease ends before the worker's timeout")
        self.claims[after.attempt.attempt_id] = (worker, after.execution_id)
        self.owners[after.attempt.attempt_id] = worker

    def _operated(self, before: Execution, after: Execution, *, again: bool) -> None:
        name = after.execution_id
        if after.status is Status.QUEUED:
            self.reruns[name] += 1
            if (again or before.status is Status.FAILED) and name in self.sent_as:
                over = self.sent_as.pop(name)
                self.spent[name].add(over)
                if before.status is Status.FAILED:
                    self.failed[name].add(over)
        elif before.status is Status.UNKNOWN and after.status is not Status.UNKNOWN:
            self.resolved.add(after.execution_id)

    # -- Before every request --

    def requested(self, execution_id: str, worker: Worker, now: int) -> None:
        """Check a request when it is sent."""
        mine = [key for key, (owner, name) in self.claims.items() if owner is worker and name == execution_id]
        if not mine:
            self.say(execution_id, "a request was sent without its claim on record")
        for key in mine:
            del self.claims[key]
        if any(set_at < worker.granted_at and now < until for set_at, until in self.paused):
            self.say(execution_id, "a request was sent while a 429 paused all workers")

    def sent(self, execution_id: str, sent_as: str) -> None:
        """Check the id that a request is sent with: one for each run that was asked for."""
        if sent_as in self.spent[execution_id]:
            self.say(execution_id, "a run was sent with the id of an earlier run")
        if self.sent_as.setdefault(execution_id, sent_as) != sent_as:
            self.say(execution_id, "a run was sent with two ids")

    def ran(self, execution_id: str, *, repeatable: bool) -> None:
        """Check the number of runs."""
        permitted = 1 + self.reruns[execution_id]
        if not repeatable and self.platform.runs_of(execution_id) > permitted:
            self.say(execution_id, "an action ran twice without permission")

    def counted(self, execution_id: str) -> None:
        """Check the number of requests that use up an attempt."""
        self.tries[execution_id] += 1
        most = self.max_attempts + min(self.max_attempts, MOST_REFUSALS) - 1  # ambiguous ones and refusals between them
        if self.tries[execution_id] > most * (1 + self.reruns[execution_id]):
            self.say(execution_id, "more attempts than allowed")

    # -- At rest --

    def at_rest(
        self, record: Execution, audit: Audit, payloads: Payloads, accepted: list[bytes], letters: list[DeliveryMessage]
    ) -> None:
        """Check an accepted execution when nothing more will happen."""
        name = record.execution_id
        if not record.ended:
            self.say(name, f"accepted and lost: {record.status}")
            return
        delivered = self._delivered(record, accepted, {letter.subject_id for letter in letters})
        for fault in (*self._history(record, audit), *self._truth(record, payloads), *delivered):
            self.say(name, fault)

    def _history(self, record: Execution, audit: Audit) -> Iterator[str]:
        kept = audit.kept.get(record.execution_id, {})
        missing = [entry.event for seq, entry in sorted(self.entries[record.execution_id].items()) if seq not in kept]
        if missing or sorted(kept) != list(range(1, record.audit.seq + 1)):
            yield f"the audit trail has gaps: {missing}"
            return
        previous = ""
        for _, entry in sorted(kept.items()):
            if entry.previous_hash != previous or entry_hash(entry) != entry.hash:
                yield "the audit chain is broken"
            if self.entries[record.execution_id][entry.seq] != entry:
                yield "the audit trail differs from what was written"
            previous = entry.hash
        if previous != record.audit.hash:
            yield "the audit trail does not end where the record does"

    def _truth(self, record: Execution, payloads: Payloads) -> Iterator[str]:
        name, runs = record.execution_id, self.platform.runs_of(record.execution_id)
        if record.outcome is None or record.outcome.status is not record.status:
            yield "the outcome and the status differ"
        if name in self.resolved:
            return
        match record.status:
            case Status.COMPLETED:
                yield from self._completed(record, payloads)
            case Status.FAILED | Status.CANCELLED if runs and name not in self.platform.failed:
                yield f"{record.status}, but it ran"
            case Status.UNKNOWN if name not in self.doubted | self.platform.doubted:
                yield "unknown without a reason"

    def _completed(self, record: Execution, payloads: Payloads) -> Iterator[str]:
        name, ref = record.execution_id, record.outcome.result if record.outcome else None
        hit = record.cache_status is CacheStatus.HIT
        ran = self.platform.runs if hit else self.platform.ids[name]
        results = {digest(canonical(self.platform.result(other))) for other in ran if self.platform.runs[other]}
        if ref is None or ref.digest not in results:
            yield ("the cache served a result that no action returned" if hit else "completed with another result")
        elif payloads.stored(ref) is None and name not in self.unstored:
            yield "the result is lost"

    def _delivered(self, record: Execution, accepted: list[bytes], buried: set[str]) -> Iterator[str]:
        if record.delivery.status is WebhookStatus.PENDING:
            yield "the caller's webhook stays pending"
        if record.delivery.status is WebhookStatus.FAILED and record.execution_id not in buried:
            yield "a delivery was given up without a dead letter"
        if record.delivery.status is WebhookStatus.DELIVERED:
            said: list[dict[str, Any]] = [json.loads(body) for body in accepted]
            reported = {(one["data"]["executionId"], one["data"]["status"]) for one in said}
            if (record.execution_id, record.status.value) not in reported:
                yield "delivered is on record, but the receiver never got it"
        if record.status in _ENDED and record.webhook_url is None and record.delivery.status is not WebhookStatus.NONE:
            yield "a delivery without a webhook"
