"""Kills workers of all functions with SIGKILL, one at a time, at random. The emulator starts new ones."""

import contextlib
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.chaos.history import Kills
from local.world.processes import running

_WEIGHTS = {"Execute": 12, "Workflows": 5, "ReceiveWebhook": 4, "Validate": 4, "Query": 2, "Deliver": 2}
"""By logical id, less `Function`. Most of what can go wrong goes wrong in `execute`."""


class Killer:
    """Kills until its block ends. The order of functions repeats with the seed; the moments do not.

    `names` are the functions' physical names by logical id. Workers are known by the folder that the emulator
    unpacks them to, which is below `temporary` and so belongs to this world alone. Those that have never opened a
    connection are spared: when a worker dies while it starts, the emulator gives up all workers of the function, those
    that start in their place included, and may go on so for minutes.
    """

    def __init__(self, names: Mapping[str, str], temporary: Path, *, per_second: float, seed: int) -> None:
        self._marks = {name: f"{temporary}/ministack-lambda-{physical}-" for name, physical in names.items()}
        self._per_second = per_second
        self._source = random.Random(seed)  # noqa: S311 - a plan, no secret
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="killer", daemon=True)
        self._killed: Counter[str] = Counter()

    def __enter__(self) -> Self:
        if self._per_second > 0:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def kills(self) -> Kills:
        """Return what it has done so far."""
        return Kills(dict(self._killed))

    def _work(self) -> None:
        names = sorted(_WEIGHTS)
        while not self._ended.wait(self._source.expovariate(self._per_second)):
            # Both draws always, so that the next function does not depend on which workers are alive.
            drawn = self._source.choices(names, [_WEIGHTS[name] for name in names])[0]
            self._kill(drawn, self._source.random())

    def _kill(self, name: str, chance: float) -> None:
        """Kill one worker of a function, if there is any."""
        if workers := running(self._marks[f"{name}Function"], connected=True):
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[int(chance * len(workers))], signal.SIGKILL)
                self._killed[name] += 1
