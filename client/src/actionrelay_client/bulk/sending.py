"""Batches out: all checked rows, in their order, each until it is accepted or refused."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actionrelay_client import json_text
from actionrelay_client.bulk.book import Book
from actionrelay_client.bulk.checking import MAX_REQUEST_BYTES
from actionrelay_client.bulk.order import Order
from actionrelay_client.bulk.progress import Progress
from actionrelay_client.bulk.results import Results
from actionrelay_client.bulk.shape import Shape
from actionrelay_client.bulk.table import Table
from actionrelay_client.documents import BatchItem
from actionrelay_client.errors import (
    ActionRelayError,
    BacklogFullError,
    NoAnswerError,
    PayloadTooLargeError,
    ThrottledError,
    UnavailableError,
)
from actionrelay_client.executions import MAX_BATCH, Executions
from actionrelay_client.repeats import Repeats

_ENVELOPE_BYTES = 200
"""Of a batch around its executions."""
_PASSING = frozenset({429, 500, 502, 503, 504})
"""Refusals of one execution in a batch that time mends."""
_KNOWN = 200
"""The status of an execution in a batch that is on record already, or answered from the cache; a new one has 202."""
_PACE = Repeats(base_seconds=1.0, cap_seconds=30.0)


@dataclass(frozen=True)
class Item:
    """One row's request."""

    number: int
    key: str
    execution_id: uuid.UUID
    request: Mapping[str, Any]


@dataclass
class Sender:
    """Sends all rows that were checked and not sent."""

    client: Executions
    table: Table
    shape: Shape
    order: Order
    book: Book
    results: Results
    progress: Progress
    stop: threading.Event
    patience_seconds: float
    """How long to go on without any answer."""
    max_bytes: int = MAX_REQUEST_BYTES
    clock: Callable[[], float] = time.monotonic
    _answered: float = field(default=0.0, init=False)
    _tried: int = field(default=0, init=False)

    def send(self) -> None:
        """Send, until all are sent or ``stop`` is set.

        Raises:
            ActionRelayError: what keeps all rows from being sent, such as a caller who may not.
        """
        self._answered = self.clock()
        for batch in self._batches():
            self._deliver(batch)
            if self.stop.is_set():
                return

    def _batches(self) -> Iterator[list[Item]]:
        batch: list[Item] = []
        size = _ENVELOPE_BYTES
        for item in self._items():
            length = len(json_text.to_text(item.request).encode()) + 1
            if batch and (len(batch) == MAX_BATCH or size + length > self.max_bytes):
                yield batch
                batch, size = [], _ENVELOPE_BYTES
            batch.append(item)
            size += length
        if batch:
            yield batch

    def _items(self) -> Iterator[Item]:
        """Read the file again, and leave out what was found invalid."""
        self.table.same()
        for row in self.table.rows():
            prepared = self.shape.read(row, typed=self.table.typed)
            if self.book.is_checked(prepared.number):
                execution_id = self.order.execution_id(prepared.key)
                request = self.order.request(execution_id, prepared.inputs)
                yield Item(prepared.number, prepared.key, execution_id, request)
        self.table.same()

    def _deliver(self, batch: list[Item]) -> None:
        """Send a batch, and what is left of it, until nothing is."""
        left = batch
        while left and not self.stop.is_set():
            try:
                answer = self.client.batch(
                    [each.request for each in left],
                    batch_id=self.order.batch_id(each.execution_id for each in left),
                )
            # A failure is one batch's, and the loop is what mends it.
            except PayloadTooLargeError as error:
                if len(left) > 1:  # the deployment takes less than is usual
                    self._deliver(left[: len(left) // 2])
                    left = left[len(left) // 2 :]
                else:
                    self._refuse(left[0], dict(error.problem))
                    left = []
            except (ThrottledError, UnavailableError, NoAnswerError) as error:
                self._wait(error)
            else:
                left = self._judged(left, {each.index: each for each in answer.results})

    def _judged(self, sent: list[Item], judged: Mapping[int, BatchItem]) -> list[Item]:
        """Note what became of each; return those to be sent again."""
        self._answered, again, reason = self.clock(), [], None
        for index, item in enumerate(sent):
            result = judged.get(index)
            problem = _problem(result)
            if problem is None:
                self.book.under_way(item.number, known=result is not None and result.status == _KNOWN)
            elif problem.get("status") in _PASSING:
                again.append(item)
                reason = problem
            else:
                self._refuse(item, problem)
        self.progress.accepted(len(sent) - len(again))
        if reason is not None:
            self._pause(str(reason.get("code")), None)
        else:
            self._tried = 0
        return again

    def _refuse(self, item: Item, problem: Mapping[str, Any]) -> None:
        place = self.results.add_refused(item.number, item.key, str(item.execution_id), problem)
        self.book.refused(item.number, str(problem.get("code") or "refused"), place)
        self.progress.ended("refused", before=False)

    def _wait(self, error: ActionRelayError) -> None:
        """Wait for better times; a backlog that is full is the deployment at work, and no outage."""
        if isinstance(error, ThrottledError):
            self._answered = self.clock()
        elif self.clock() - self._answered > self.patience_seconds:
            raise error
        why = "the deployment's backlog is full" if isinstance(error, BacklogFullError) else error.detail
        self._pause(why, getattr(error, "retry_after", None))

    def _pause(self, why: str, retry_after: float | None) -> None:
        self._tried += 1
        seconds = _PACE.delay(self._tried, retry_after)
        self.progress.waits(f"sending waits {seconds:.0f} s: {why}")
        self.stop.wait(seconds)


def _problem(result: BatchItem | None) -> Mapping[str, Any] | None:
    """Return why one of a batch was not accepted; None where it was."""
    if result is None:
        return {"status": 503, "code": "no_answer"}
    if result.problem is None and result.status >= 400:
        return {"status": result.status, "code": f"http_{result.status}"}
    return result.problem
