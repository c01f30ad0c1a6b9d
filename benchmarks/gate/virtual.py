"""Virtual time: processes that sleep without waiting. One runs at a time, so a run repeats itself exactly.

A process is a thread, so that the code under test needs to know nothing of this; it gives way in `sleep` and nowhere
else. A lock of the code under test must therefore never be held by a process that sleeps while another wants it: what
may sleep inside such a lock is wrapped in a `Turn`.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

BEGIN_MS = 1_795_521_600_000
"""2026-11-24T12:00:00Z; any will do, but one in the gate's past would not."""


class _Process:
    def __init__(self, task: Callable[[], None], back: threading.Semaphore) -> None:
        self.error: BaseException | None = None
        self.ended = False
        self._go, self._back = threading.Semaphore(0), back
        self._thread = threading.Thread(target=self._live, args=(task,), daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Let it go on until it gives way or ends."""
        self._go.release()
        self._back.acquire()
        if self.ended:
            self._thread.join()
        if self.error:
            raise self.error

    def give_way(self) -> None:
        self._back.release()
        self._go.acquire()

    def _live(self, task: Callable[[], None]) -> None:
        self._go.acquire()
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - raised again where the run was begun
            self.error = error
        self.ended = True
        self._back.release()


@dataclass(slots=True)
class VirtualTime:
    """A clock and everything that happens by it: the `Clock` of the code under test. Times are in ms."""

    time: float = BEGIN_MS
    _agenda: list[tuple[float, int, _Process]] = field(default_factory=list)
    _number: int = 0
    _current: _Process | None = None
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.time)

    def start(self, task: Callable[[], None]) -> None:
        """Let a process begin now."""
        self._wake(_Process(task, self._back), self.time)

    def sleep(self, milliseconds: float) -> None:
        """Let time pass for the process in hand."""
        process = self._running()
        self._wake(process, self.time + milliseconds)
        process.give_way()

    def all_of(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Start processes, as an invocation starts its threads, and wait until the last has ended."""
        waiting, left = self._running(), len(tasks)

        def counted(task: Callable[[], None]) -> None:
            nonlocal left
            task()
            left -= 1
            if not left:
                self._wake(waiting, self.time)

        for task in tasks:
            self.start(partial(counted, task))
        if tasks:
            waiting.give_way()

    def run(self) -> None:
        """Go on until every process has ended; raises what one of them raised."""
        while self._agenda:
            self.time, _, self._current = heapq.heappop(self._agenda)
            self._current.turn()

    def turn(self) -> "Turn":
        """Return a lock for processes."""
        return Turn(self)

    def _wake(self, process: _Process, at: float) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (at, self._number, process))

    def _running(self) -> _Process:
        if self._current is None:
            raise RuntimeError("only a process can sleep")
        return self._current


@dataclass(slots=True)
class Turn:
    """A lock between processes, first come, first served."""

    _world: VirtualTime
    _taken: bool = False
    _waiting: deque[_Process] = field(default_factory=deque)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold it for as long as the block runs."""
        process = self._world._running()  # noqa: SLF001 - the two are one idea
        if self._taken:
            self._waiting.append(process)
            process.give_way()
        self._taken = True
        try:
            yield
        finally:
            self._taken = bool(self._waiting)
            if self._waiting:
                self._world._wake(self._waiting.popleft(), self._world.time)  # noqa: SLF001
