"""Workers as threads of which one runs at a time: the baton is handed over at port calls, and nowhere else.

What runs next is the scheduler's decision alone, so a run repeats itself exactly. A worker that starts again takes
the seat (an operating system's thread) of one that has ended.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class Died(BaseException):
    """Ends a worker on the spot; a ``BaseException``, so that no handler of the package lives through it."""


@dataclass(slots=True, eq=False)
class Worker:
    """One thread of one process: what it is called, when it wants the baton, and how it ended."""

    name: str
    task: Callable[[], None]
    wake_at: int | None
    """Ready from then on; None for one that sleeps until it is called: a zombie."""
    ends_at: int = 0
    """When its invocation is cut off."""
    granted_at: int = -1
    """When the rate gate let it through."""
    subjects: tuple[str, ...] = ()
    """The executions that it is about."""
    troubled: bool = False
    """A fault may have kept it from writing down what it knows."""
    ended: bool = False
    died: bool = False
    doomed: bool = False
    """Its process died while it slept."""
    error: Exception | None = None
    after: Callable[["Worker"], None] | None = None
    """Who looks at how it ended."""
    lineage: Mapping[str, int] = field(default_factory=dict)
    """How often each function was invoked in the chain of messages that led here, this time included."""
    pauses: bool = True
    """Needs a seat; one that never pauses runs in the scheduler's own thread, which is faster."""
    seat: "_Seat | None" = field(default=None, repr=False)


def work(worker: Worker) -> None:
    """Do a worker's task to its end, whatever that is."""
    try:
        worker.task()
    except Died:
        worker.died = True
    except Exception as error:  # noqa: BLE001 - the worker's supervisor judges it
        worker.error = error
    worker.ended = True


class _Seat:
    """A thread that waits for work, and for its turn."""

    def __init__(self) -> None:
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self.worker: Worker | None = None
        self._thread = threading.Thread(target=self._sit, daemon=True, name="seat")
        self._thread.start()

    def turn(self) -> None:
        """Give the baton away and wait until it is back."""
        self._go.release()
        self._back.acquire()

    def pause(self) -> None:
        """Give the baton back, from inside."""
        self._back.release()
        self._go.acquire()

    def close(self) -> None:
        self.worker = None
        self._go.release()
        self._thread.join()

    def _sit(self) -> None:
        while True:
            self._go.acquire()
            worker = self.worker
            if worker is None:
                return
            work(worker)
            self.worker = None
            self._back.release()


@dataclass(slots=True)
class Crew:
    """All seats. ``current`` holds the baton."""

    current: Worker | None = None
    _free: list[_Seat] = field(default_factory=list)

    def turn(self, worker: Worker) -> None:
        """Let a worker run until it pauses or ends."""
        if not worker.pauses:
            self.current = worker
            work(worker)
            self.current = None
            return
        if worker.seat is None:
            worker.seat = self._free.pop() if self._free else _Seat()
            worker.seat.worker = worker
        seat, self.current = worker.seat, worker
        seat.turn()
        self.current = None
        if worker.ended:
            worker.seat = None
            self._free.append(seat)

    def pause(self, wake_at: int | None) -> None:
        """Sleep, as the worker in hand; wakes up dead if its process died meanwhile."""
        worker = self.current
        if worker is None or worker.seat is None:
            raise AssertionError("only a worker can pause")
        worker.wake_at = wake_at
        worker.seat.pause()
        if worker.doomed:
            raise Died

    def end(self, worker: Worker) -> None:
        """Let a worker's process die."""
        worker.doomed = True
        if worker.seat is None:
            worker.ended = worker.died = True
        else:
            self.turn(worker)

    def close(self) -> None:
        """Send everybody home."""
        while self._free:
            self._free.pop().close()
