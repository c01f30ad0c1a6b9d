"""Workers of which one runs at a time: the baton is handed over at port calls, and nowhere else.

What runs next is the scheduler's decision alone, so a run repeats itself exactly. They are greenlets: handing the baton
from one thread to another would take more than a third of the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from greenlet import greenlet


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
    """One that never pauses runs as the scheduler's own code, which is faster."""
    coroutine: greenlet | None = field(default=None, repr=False)


def work(worker: Worker) -> None:
    """Do a worker's task to its end, whatever that is."""
    try:
        worker.task()
    except Died:
        worker.died = True
    except Exception as error:  # noqa: BLE001 - the worker's supervisor judges it
        worker.error = error
    worker.ended = True


@dataclass(slots=True)
class Crew:
    """All workers. ``current`` holds the baton."""

    current: Worker | None = None

    def turn(self, worker: Worker) -> None:
        """Let a worker run until it pauses or ends."""
        self.current = worker
        if not worker.pauses:
            work(worker)
        elif worker.coroutine is None:
            worker.coroutine = greenlet(work)
            worker.coroutine.switch(worker)
        else:
            worker.coroutine.switch()
        self.current = None

    def pause(self, wake_at: int | None) -> None:
        """Sleep, as the worker in hand; wakes up dead if its process died meanwhile."""
        worker, scheduler = self.current, greenlet.getcurrent().parent
        if worker is None or scheduler is None:
            raise AssertionError("only a worker can pause")
        worker.wake_at = wake_at
        scheduler.switch()
        if worker.doomed:
            raise Died

    def end(self, worker: Worker) -> None:
        """Let a worker's process die."""
        worker.doomed = True
        if worker.coroutine is None:
            worker.ended = worker.died = True
        else:
            self.turn(worker)
