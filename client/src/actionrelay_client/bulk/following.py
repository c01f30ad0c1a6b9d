"""Outcomes in: whatever is under way is looked at until it has ended.

A deployment works off a lane about in its order. So the first rows are looked at, again and again; once most of a look
has not ended, everything behind it has not either, and the next look waits. A row that takes longer than others, since
it is tried again, is looked at less and less often, and keeps nobody else's outcome from being read.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from actionrelay_client.bulk.book import Book, Followed
from actionrelay_client.bulk.progress import Progress
from actionrelay_client.bulk.results import Results
from actionrelay_client.documents import Execution
from actionrelay_client.errors import (
    ActionRelayError,
    ApiError,
    NoAnswerError,
    NotFoundError,
    ThrottledError,
    UnavailableError,
)
from actionrelay_client.executions import Executions

AT_ONCE = 4
"""Reads that are under way together: a caller beside others, not the only one."""
_LOOK = 16
"""Rows of one look."""
_SHORTEST, _LONGEST = 0.25, 5.0
"""Seconds between looks that found nothing new."""
_RARELY = 60.0
"""Seconds between two looks at a row that takes long, at most."""


@dataclass
class Follower:
    """Reads how rows have ended."""

    client: Executions
    book: Book
    results: Results
    progress: Progress
    stop: threading.Event
    patience_seconds: float
    """How long to go on without any answer."""
    began: datetime
    """When this run began to send."""
    clock: Callable[[], float] = time.monotonic
    _pause: float = field(default=0.0, init=False)
    _answered: float = field(default=0.0, init=False)

    def follow(self, all_sent: threading.Event) -> None:
        """Follow all rows, until all were sent and have ended, or ``stop`` is set.

        Raises:
            ActionRelayError: what keeps outcomes from being read or written.
        """
        self._answered = self.clock()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while not self.stop.is_set():
                sent = all_sent.is_set()  # before looking, so that nothing is sent in between
                rows = self.book.due(_LOOK)
                if rows:
                    self._looked(rows, list(pool.map(self._read, rows)))
                elif sent and not self.book.any_under_way():
                    return
                else:
                    self._pause = max(self._pause, _SHORTEST)
                if self._pause:
                    self.stop.wait(self._pause)

    def _read(self, row: Followed) -> Execution | ActionRelayError:
        if row.kept == "completed":
            # What completed stays so, and its line is written.
            return Execution(execution_id=row.execution_id, status="completed")
        try:
            return self.client.get(row.execution_id)
        except ActionRelayError as error:
            return error

    def _looked(self, rows: list[Followed], found: list[Execution | ActionRelayError]) -> None:
        still = 0
        for row, each in zip(rows, found, strict=True):
            if isinstance(each, NotFoundError):
                place = self.results.add_refused(row.number, row.key, row.execution_id, each.problem)
                self.book.refused(row.number, each.code, place)
                self.progress.ended("refused", before=False)
            elif isinstance(each, ActionRelayError):
                still += 1
                self._failed(row, each)
            elif each.ended:
                self._answered = self.clock()
                self._ended(row, each)
            else:
                self._answered = self.clock()
                still += 1
                self.book.later(row.number, min(_SHORTEST * 2.0 ** min(row.looks, 20), _RARELY))
        if 2 * still <= len(rows):
            self._pause = 0.0
        else:
            self._pause = min(max(self._pause * 2, _SHORTEST), _LONGEST)

    def _ended(self, row: Followed, execution: Execution) -> None:
        place = row.place
        if place is None or row.kept != "completed":
            place = self.results.add(row.number, row.key, execution)
        code = execution.error.code if execution.error else None
        before = self._had_ended(row, execution)
        self.book.ended(row.number, execution.status, code, place, before=before)
        self.progress.ended(execution.status, before=before)

    def _had_ended(self, row: Followed, execution: Execution) -> bool:
        """Whether a row had ended before this run began.

        One that the deployment had not known has not, whatever this machine's clock is.
        """
        if row.kept == "completed":
            return True
        return row.known and execution.completed_at is not None and execution.completed_at < self.began

    def _failed(self, row: Followed, error: ActionRelayError) -> None:
        passing = isinstance(error, ThrottledError | UnavailableError | NoAnswerError)
        if isinstance(error, ThrottledError):
            self._answered = self.clock()
        if not passing or self.clock() - self._answered > self.patience_seconds:
            raise error
        floor = error.retry_after if isinstance(error, ApiError) else None
        self.book.later(row.number, floor or _LONGEST)
        self.progress.waits(f"reading waits: {error.detail}")
