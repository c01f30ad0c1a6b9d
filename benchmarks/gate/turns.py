"""Turns before the rate gate, in virtual time: lanes, callers and their queues at scale, without records or threads.

`backlog` runs the whole use case, at a thousand executions. This one has the gate's own rule and, of everything around
it, what decides the order: SQS hands out the messages of quiet groups first and delays by whole seconds, workers
take ten messages at a time and return when the last of them is done, and a message without a permit is sent again as
`execute.worker` does it. That is enough for a hundred thousand.
"""

import heapq
import math
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from actionrelay.execute.worker import PLACE_TOLERANCE_MS, RETURN_SPREAD_MS
from actionrelay.gate.batch import BatchPermits
from actionrelay.gate.ports import Ask
from actionrelay.gate.rate import GateState
from actionrelay.gate.turns import Crowd, Decision, Sharing
from actionrelay.lanes import Flow, Lane
from benchmarks.gate.virtual import BEGIN_MS

BATCH = 10
MAX_DELAY_S = 900
_LOOK_AGAIN_MS = 20.0
_AWS_MS = 8.0
_INVOCATION_MS = 90_000
NOISY_SHARE = 0.1
"""A group that took more than this part of the workers' recent time is noisy to SQS (its manual, "How Amazon SQS fair
queues work"). It has another measure, of 30 messages in flight, which so few workers do not come to."""
_RECENT_MS = 60_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """So many executions of one flow, queued at one moment (ms after the beginning)."""

    flow: Flow
    at_ms: float = 0
    executions: int = 1


@dataclass(slots=True)
class _Message:
    flow: Flow
    queued_at: float
    due_at: float | None = None
    visible_at: float = 0


@dataclass(slots=True)
class Course:
    """What happened; times are ms after the beginning."""

    begun: dict[Flow, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """When executions of a flow were queued, and when they were begun."""
    most_in_flight: int = 0
    sends: int = 0
    ended_at: float = 0

    def waits(self, flow: Flow) -> list[float]:
        """How long executions of a flow waited for their first attempt, in order of size."""
        return sorted(begun - queued for queued, begun in self.begun[flow])

    def begun_within(self, flow: Flow, begins_ms: float, ends_ms: float) -> int:
        """How many executions of a flow were begun in a window."""
        return sum(begins_ms <= begun < ends_ms for _, begun in self.begun[flow])


@dataclass(slots=True)
class FairQueue:
    """A standard queue that is fair between groups, as SQS describes it."""

    delayed: list[tuple[float, int, _Message]] = field(default_factory=list)
    visible: dict[Flow, deque[_Message]] = field(default_factory=lambda: defaultdict(deque))
    spent: dict[Flow, float] = field(default_factory=lambda: defaultdict(float))
    """How much of the workers' recent time a group took; it fades."""
    number: int = 0
    _faded_at: float = 0

    def put(self, message: _Message, at: float) -> None:
        """Let a message be seen from a moment on."""
        self.number += 1
        message.visible_at = at
        heapq.heappush(self.delayed, (at, self.number, message))

    def receive(self, now: float) -> list[_Message]:
        """Take ten messages at most; those of noisy groups last."""
        while self.delayed and self.delayed[0][0] <= now:
            message = heapq.heappop(self.delayed)[2]
            self.visible[message.flow].append(message)
        taken: list[_Message] = []
        while len(taken) < BATCH and (groups := [flow for flow, waiting in self.visible.items() if waiting]):
            flow = min(groups, key=lambda each: (self._is_noisy(each), self.visible[each][0].visible_at))
            taken.append(self.visible[flow].popleft())
        return taken

    def took(self, messages: Sequence[_Message], now: float, milliseconds: float) -> None:
        """Note how long a worker had messages."""
        left = 0.5 ** ((now - self._faded_at) / _RECENT_MS)
        for flow in self.spent:
            self.spent[flow] *= left
        self._faded_at = now
        for message in messages:
            self.spent[message.flow] += milliseconds

    def _is_noisy(self, flow: Flow) -> bool:
        return self.spent[flow] > NOISY_SHARE * sum(self.spent.values())


@dataclass(slots=True)
class Turns:
    """A deployment, as far as turns go."""

    sharing: Sharing
    arrivals: Sequence[Arrival]
    seed: int = 0
    workers: int = 2
    """For each lane."""
    latency_ms: Callable[[random.Random], float] = lambda _: 300.0
    until_ms: float = math.inf
    """Nothing is looked at after that."""
    stops: Callable[[Course], bool] = lambda _: False
    course: Course = field(default_factory=Course)
    state: GateState = field(default_factory=GateState)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _queues: dict[Lane, FairQueue] = field(default_factory=lambda: {lane: FairQueue() for lane in Lane})
    _now: float = BEGIN_MS
    _number: int = 0
    _left: int = 0
    _under_way: int = 0
    _chance: random.Random = field(init=False)

    def run(self) -> Course:
        """Work everything off, and say how it went."""
        self._chance = random.Random(self.seed)
        for arrival in self.arrivals:
            self._left += arrival.executions
            for _ in range(arrival.executions):
                at = BEGIN_MS + arrival.at_ms
                # A standard queue keeps no order.
                self._queues[arrival.flow.lane].put(_Message(arrival.flow, at), at + self._chance.random())
        self.course.sends = self._left
        for lane in Lane:
            for number in range(self.workers):
                self._at(BEGIN_MS + number * 7, lambda lane=lane: self._poll(lane))  # type: ignore[misc]
        while self._events and self._left and not self.stops(self.course):
            self._now, _, task = heapq.heappop(self._events)
            if self._now - BEGIN_MS > self.until_ms:
                break
            task()
        return self.course

    def _at(self, time: float, task: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (time, self._number, task))

    def _poll(self, lane: Lane) -> None:
        messages = self._queues[lane].receive(self._now)
        if messages:
            self._at(self._now + 2 * _AWS_MS, lambda: self._work(lane, messages))
        else:
            self._at(self._now + _LOOK_AGAIN_MS, lambda: self._poll(lane))

    def _work(self, lane: Lane, messages: Sequence[_Message]) -> None:
        """See every message of a batch to its end, or on its way."""
        now, ends = int(self._now), self._now + 2 * _AWS_MS
        asks = [Ask(message.flow, message.due_at is not None) for message in messages]
        permits = BatchPermits(self._ask, lambda _until: None, self._release, asks)
        for message, ask in zip(messages, asks, strict=True):
            early = (message.due_at or 0) - PLACE_TOLERANCE_MS - now
            if early > 0:
                self._send(message, early)
            elif wait := permits.take(now, ask, now + _INVOCATION_MS):
                wait += int(RETURN_SPREAD_MS * self._chance.random())
                message.due_at = now + wait
                self._send(message, max(wait - PLACE_TOLERANCE_MS, 1))
            else:
                ends = max(ends, self._begin(message, permits))
                continue
            permits.finished()
        began = self._now
        self._at(ends + _AWS_MS, lambda: self._done(lane, messages, began))

    def _ask(self, now: int, crowd: Crowd, ends_at: int) -> Decision:
        self.state, decision = self.sharing.decide(self.state, now, crowd, ends_at)
        return decision

    def _release(self, lease: int, left: int) -> None:
        self.state = self.state.released(lease, left)

    def _begin(self, message: _Message, permits: BatchPermits) -> float:
        self.course.begun[message.flow].append((message.queued_at - BEGIN_MS, self._now - BEGIN_MS))
        self._under_way += 1
        self.course.most_in_flight = max(self.course.most_in_flight, self._under_way)
        ends = self._now + _AWS_MS + self.latency_ms(self._chance)

        def end() -> None:
            self._under_way -= 1
            self._left -= 1
            self.course.ended_at = self._now - BEGIN_MS
            permits.finished()

        self._at(ends, end)
        return ends

    def _send(self, message: _Message, delay_ms: float) -> None:
        self.course.sends += 1
        delay = min(max(math.ceil(delay_ms / 1_000), 0), MAX_DELAY_S)
        self._queues[message.flow.lane].put(message, self._now + _AWS_MS + delay * 1_000)

    def _done(self, lane: Lane, messages: Sequence[_Message], began: float) -> None:
        self._queues[lane].took(messages, self._now, self._now - began)
        self._poll(lane)


def every(flow: Flow, gap_ms: float, lasts_ms: float, begins_ms: float = 0) -> Iterator[Arrival]:
    """One execution after the other, a fixed time apart."""
    at = begins_ms
    while at < begins_ms + lasts_ms:
        yield Arrival(flow, at)
        at += gap_ms


def percentile(values: Iterable[float], part: float) -> float:
    """The value that this part of all is at or below."""
    ordered = sorted(values)
    return ordered[min(math.ceil(part * len(ordered)), len(ordered)) - 1]
