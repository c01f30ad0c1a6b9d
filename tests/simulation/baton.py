"""Workers that run one at a time: the baton is passed only at port calls.

The scheduler decides what runs next, so a run is exactly reproducible. Workers are greenlets: passing the baton between
threads would take more than a third of the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from greenlet import greenlet


class Died(BaseException):
    """Ends a worker at once; a ``BaseException``, so that no handler of the package catches it."""


@dataclass(slots=True, eq=False)
class Worker:
    """One thread of one process: its name, when it wants the baton, and how it ended."""

    name: str
    task: Callable[[], None]
    wake_at: int | None
    """When it is ready to run; None for a zombie, which sleeps until it is woken."""
    ends_at: int = 0
    """When its invocation is cut off."""
    granted_at: int = -1
    """When the rate gate granted its permit."""
    subjects: tuple[str, ...] = ()
    """The executions that it is about."""
    troubled: bool = False
    """Whether a fault may have kept it from recording what it knows."""
    ended: bool = False
    died: bool = False
    doomed: bool = False
    """Whether its process died while it slept."""
    error: Exception | None = None
    after: Callable[["Worker"], None] | None = None
    """Called when it has ended."""
    lineage: Mapping[str, int] = field(default_factory=dict)
    """The number of invocations of each function in the chain of messages up to this one."""
    pauses: bool = True
    """A worker that never pauses runs as the scheduler's own code, which is faster."""
    coroutine: greenlet | None = field(default=None, repr=False)


def work(worker: Worker) -> None:
    """Run a worker's task until it returns, raises or dies."""
    try:
        worker.task()
    except Died:
        worker.died = True
    except Exception as error:  # noqa: BLE001 - what watches the worker judges it
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
        """Let the current worker sleep; raise ``Died`` if its process died meanwhile."""
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
