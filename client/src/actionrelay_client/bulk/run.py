"""A run: check, send and follow, finish."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from actionrelay_client.bulk.book import Book, Outcome
from actionrelay_client.bulk.checking import MAX_REQUEST_BYTES, Checked, check
from actionrelay_client.bulk.following import Follower
from actionrelay_client.bulk.order import Order
from actionrelay_client.bulk.progress import Progress
from actionrelay_client.bulk.results import Results
from actionrelay_client.bulk.sending import Sender
from actionrelay_client.bulk.shape import Shape
from actionrelay_client.bulk.table import Table, TableError
from actionrelay_client.executions import Executions

PATIENCE_SECONDS = 900.0
"""How long a run goes on without any answer of the deployment."""
_LEAVING_SECONDS = 5.0


@dataclass
class Run:
    """One file, one action, each row once. Use it in a `with` block.

    The same run again, whatever became of this one, goes on where it stopped: what was sent is known by its id.
    """

    client: Executions
    table: Table
    shape: Shape
    order: Order
    out: Path | None = None
    max_bytes: int = MAX_REQUEST_BYTES
    patience_seconds: float = PATIENCE_SECONDS
    progress: Progress = field(default_factory=lambda: Progress(0))
    checked: Checked | None = None
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        if self.out is not None and self.out.exists() and self.out.samefile(self.table.path):
            raise TableError("the file of results is the file of rows; name another one")
        self.book = Book()
        self._stop = threading.Event()
        self._all_sent = threading.Event()
        self._failure: Exception | None = None

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.book.__exit__()

    def check(self, on_rows: Callable[[int], None] | None = None) -> Checked:
        """Check all rows. Nothing is sent.

        Raises:
            TableError: the file as a whole can't be used.
        """
        self.checked = check(self.table, self.shape, self.order, self.book, max_bytes=self.max_bytes, on_rows=on_rows)
        self.progress = Progress(self.checked.valid)
        return self.checked

    def send_and_follow(self) -> list[Outcome]:
        """Send all rows that keep the rules, and follow them until all have ended.

        Returns how many came to what. When it is interrupted, what was written stays.

        Raises:
            ActionRelayError: it can't go on; the same run again does.
        """
        results = Results(self.out, self.order.name)
        try:
            results.open(self.book)
            self._write_invalid(results)
            self._work(results)
            results.finish(self.book)
        finally:
            results.close()
        return self.book.outcomes()

    def _work(self, results: Results) -> None:
        """Send in a thread of its own, and follow in this one, which hears of an interruption."""
        sender = Sender(
            self.client,
            self.table,
            self.shape,
            self.order,
            self.book,
            results,
            self.progress,
            self._stop,
            self.patience_seconds,
            self.max_bytes,
        )
        # As exact as the API's times are.
        now = datetime.now(timezone.utc)
        began = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
        follower = Follower(self.client, self.book, results, self.progress, self._stop, self.patience_seconds, began)
        thread = threading.Thread(target=self._send, args=(sender,), daemon=True, name="sender")
        thread.start()
        try:
            follower.follow(self._all_sent)
        finally:
            self._stop.set()
            thread.join(_LEAVING_SECONDS)
        if self._failure:
            raise self._failure

    def _send(self, sender: Sender) -> None:
        try:
            sender.send()
        except OSError as error:
            self._failure = TableError(f"{self.table.path} can't be read: {error.strerror}")
        except Exception as error:  # noqa: BLE001 - it is raised where somebody hears it
            self._failure = error
        finally:
            if self._failure:
                self._stop.set()
            self._all_sent.set()

    def _write_invalid(self, results: Results) -> None:
        """Write a line for each row that is not sent, so that every row has one."""
        assert self.checked is not None  # noqa: S101 - callers check first
        if not self.checked.invalid or self.out is None:
            return
        for row in self.table.rows():
            if not self.book.is_checked(row.number):
                prepared = self.shape.read(row, typed=self.table.typed)
                faults = prepared.faults or ("has the key of another row",)
                self.book.placed(row.number, results.add_invalid(row.number, prepared.key, faults))
