"""Genesys Cloud: both contracts, a count of runs, and every kind of answer that promise 2 covers."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError
from actionrelay.strict_json import Json, canonical

LATENCY_MS = 300
LATE_RUN_MS = 120_000


class Answer(StrEnum):
    """What Genesys Cloud does with one request."""

    SUCCESS = "success"
    QUEUED = "queued"
    REPORTED = "reported failure"
    THROTTLED = "429"
    SHED = "503 with Retry-After"
    BUSY_RAN = "503 ran"
    BUSY = "503 not run"
    BROKEN_RAN = "500 ran"
    BROKEN = "500 not run"
    GATEWAY_RAN = "504 ran"
    SLOW = "408 ran"
    REFUSED = "404"
    NO_TOKEN = "401"
    UNREACHABLE = "not sent"
    RESET_BEFORE = "reset before it ran"
    RESET_AFTER = "reset after it ran"
    LATE = "read timeout, runs later"
    GARBLED = "200 unreadable"


RAN = frozenset(
    {
        Answer.SUCCESS,
        Answer.REPORTED,
        Answer.BUSY_RAN,
        Answer.BROKEN_RAN,
        Answer.GATEWAY_RAN,
        Answer.SLOW,
        Answer.RESET_AFTER,
        Answer.GARBLED,
    }
)
"""The action has run when the answer is sent."""
CERTAIN = frozenset(
    {
        Answer.SUCCESS,
        Answer.QUEUED,
        Answer.REPORTED,
        Answer.THROTTLED,
        Answer.SHED,
        Answer.REFUSED,
        Answer.NO_TOKEN,
        Answer.UNREACHABLE,
    }
)
"""Answers that show whether the action ran (``QUEUED``: whether it will be reported)."""
COUNTED = frozenset(Answer) - CERTAIN | {Answer.NO_TOKEN}
"""Answers that use up one of ``MaxAttempts``."""

_STATUS = {
    Answer.THROTTLED: (429, "30"),
    Answer.SHED: (503, "20"),
    Answer.BUSY_RAN: (503, None),
    Answer.BUSY: (503, None),
    Answer.BROKEN_RAN: (500, None),
    Answer.BROKEN: (500, None),
    Answer.GATEWAY_RAN: (504, None),
    Answer.SLOW: (408, None),
    Answer.REFUSED: (404, None),
    Answer.NO_TOKEN: (401, None),
}
FAILURE = ExecutionError("action_said_no", "the action ran and failed", 200)


@dataclass(frozen=True, slots=True)
class Callback:
    """One webhook that Genesys Cloud sends: how long after the request, and its content."""

    after_ms: int
    status: str = "completed"


ON_TIME = (Callback(5_000),)


@dataclass(slots=True)
class Platform:
    """The simulator. ``carries_id``: a repeat under the same execution id does not run the action again."""

    carries_id: bool
    later: Callable[[int, Callable[[], None]], None]
    """Does something after a number of ms."""
    call_back: Callable[[str, str, str], None] = lambda _id, _status, _message: None
    """Called with the id that was sent, the outcome, and the id of this message about it."""
    answer: Callable[[str, int], Answer] = lambda _id, _nth: Answer.SUCCESS
    """By execution and the number of its request, from 1."""
    callbacks: Callable[[str], tuple[Callback, ...]] = lambda _id: ON_TIME
    padding: int = 0
    retry_after: str | None = None
    """The ``Retry-After`` of a 429 or a 503, instead of the usual one."""
    requests: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    """By the id that was sent."""
    ids: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By execution, which the trace id names: the ids that were sent for it, in order."""
    sent_as: dict[tuple[str, int], str] = field(default_factory=dict)
    """By execution and the number of its request: the id that was sent."""
    failed: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)
    """Executions with an answer that left open whether they ran."""
    said: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What webhooks have reported, by execution."""

    def result(self, sent_as: str) -> Json:
        """Return the action's result."""
        return {"of": sent_as, "padding": "x" * self.padding}

    def runs_of(self, execution_id: str) -> int:
        """Return how often the action ran for an execution, under any of its ids."""
        return sum(self.runs[sent_as] for sent_as in self.ids[execution_id])

    def arrive(self, call: ActionCall) -> Answer:
        """Receive one request; an action that runs at once has run when this returns."""
        execution_id, sent_as = call.trace_id, call.execution_id
        self.requests[execution_id] += 1
        self.sent_as[execution_id, self.requests[execution_id]] = sent_as
        if sent_as not in self.ids[execution_id]:
            self.ids[execution_id].append(sent_as)
        answer = self.answer(execution_id, self.requests[execution_id])
        if answer is Answer.QUEUED and not self.carries_id:
            answer = Answer.SUCCESS
        if answer not in CERTAIN:
            self.doubted.add(execution_id)
        if answer in RAN:
            self._run(sent_as)
        if answer is Answer.REPORTED:
            self.failed.add(execution_id)
        if answer is Answer.LATE:
            self.later(LATE_RUN_MS, lambda: self._run(sent_as))
        if answer is Answer.QUEUED:
            self._queue(execution_id, sent_as)
        return answer

    def reply(self, call: ActionCall, answer: Answer) -> Reply:
        """Return an answer in the form of the client's reply."""
        if answer is Answer.SUCCESS:
            return Reply(ReplyKind.SUCCEEDED, LATENCY_MS, result=canonical(self.result(call.execution_id)))
        if answer is Answer.QUEUED:
            return Reply(ReplyKind.ACCEPTED, LATENCY_MS)
        if answer is Answer.REPORTED:
            return Reply(ReplyKind.REPORTED_FAILURE, LATENCY_MS, error=FAILURE)
        if answer is Answer.UNREACHABLE:
            return Reply(ReplyKind.NOT_SENT, LATENCY_MS, error=ExecutionError("not_reached", "refused"))
        if answer in _STATUS:
            status, retry_after = _STATUS[answer]
            error = ExecutionError(f"http_{status}", "an error", status)
            if retry_after and self.retry_after:
                retry_after = self.retry_after
            return Reply(ReplyKind.HTTP_ERROR, LATENCY_MS, error=error, retry_after=retry_after)
        return Reply(ReplyKind.NO_ANSWER, LATENCY_MS, error=ExecutionError("no_answer", answer.value))

    def _run(self, sent_as: str) -> None:
        if self.carries_id and self.runs[sent_as]:
            return
        self.runs[sent_as] += 1

    def _queue(self, execution_id: str, sent_as: str) -> None:
        """Run the action and report when the first callback is due, if there is one."""
        plan = self.callbacks(execution_id)
        request = self.requests[execution_id]
        if not plan:
            self.later(LATE_RUN_MS, lambda: self._run(sent_as))
        for callback in plan:
            self.later(callback.after_ms, partial(self._report, execution_id, sent_as, callback.status, request))

    def _report(self, execution_id: str, sent_as: str, status: str, request: int) -> None:
        """Send a webhook; a repeated report about one request is the same webhook."""
        self._run(sent_as)
        if status == "failed":
            self.failed.add(execution_id)
        self.said[execution_id].add(status)
        self.call_back(sent_as, status, f"{status}-{request}")
