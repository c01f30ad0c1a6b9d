"""The rate gate of one batch: the first message asks for all of them, and the others share the answer."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import override

from actionrelay.errors import DependencyError
from actionrelay.gate.ports import Ask, BatchGate
from actionrelay.gate.turns import Crowd, Decision


@dataclass(slots=True)
class BatchPermits(BatchGate):
    """A ``BatchGate`` that asks once. If that fails, it fails for every message of the batch."""

    ask: Callable[[int, Crowd, int], Decision]
    """Takes the time, the crowd, and the time at which the worker ends, in ms."""
    pause_all: Callable[[int], None]
    release: Callable[[int, int], None]
    """Takes a lease and how many of its actions are left. Never fails: a lease expires by itself."""
    asks: Sequence[Ask]
    _answer: Decision | DependencyError | None = None
    _served: Counter[Ask] = field(default_factory=Counter)
    _finished: int = 0
    _leased: int = 0
    _held_until: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def take(self, now: int, ask: Ask, ends_at: int = 0) -> int:
        with self._lock:
            if held := self.held(now):
                return held
            decision = self._decision(now, ends_at)
            asked_as = decision.place(ask)
            place = self._served[asked_as]
            self._served[asked_as] += 1
        share = decision.shares.get(asked_as)
        if share is None:
            return decision.opens_in
        if place < share.permits:
            return 0
        place -= share.permits
        return share.waits[place] if place < len(share.waits) else decision.opens_in

    @override
    def finished(self) -> None:
        """Release permits that the batch no longer needs, half at a time, since each release is a write."""
        with self._lock:
            self._finished += 1
            needed = min(self._leased, max(len(self.asks) - self._finished, 0))
            ended = self._leased - needed
            if not ended or (needed and ended < needed):
                return
            self._leased = needed
        if isinstance(self._answer, Decision):
            self.release(self._answer.lease, needed)

    @override
    def hold(self, until: int) -> None:
        with self._lock:
            self._held_until = max(self._held_until, until)

    @override
    def held(self, now: int) -> int:
        return max(self._held_until - now, 0)

    @override
    def pause(self, until: int) -> None:
        self.hold(until)
        self.pause_all(until)

    def _decision(self, now: int, ends_at: int) -> Decision:
        if self._answer is None:
            try:
                self._answer = self.ask(now, Counter(self.asks), ends_at)
                self._leased = self._answer.permits if self._answer.lease else 0
            except DependencyError as failed:
                self._answer = failed
                raise
        if isinstance(self._answer, DependencyError):
            raise self._answer.again()
        return self._answer
