"""What a benchmark is given: how large to be, where to show progress, and a deployed world when it asks for one."""

import contextlib
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from rich.progress import Progress as Display

from local.genesys.remote import RemoteSimulator
from local.world.down import down
from local.world.progress import Progress
from local.world.state import Stack
from local.world.up import up

# The rate gate is not what is measured here.
_PARAMETERS = {"RequestsPerMinute": "100000"}


@dataclass
class Bench:
    """One run of the benchmarks. Leaving its `with` block ends the world, if there was one."""

    display: Display
    quick: bool = False
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    def __enter__(self) -> Self:
        """Begin a run; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started."""
        self._closing.close()

    def scale(self, full: int, quick: int) -> int:
        """Choose how often something is done."""
        return quick if self.quick else full

    def progress(self, what: str, total: int) -> "Steps":
        """Show a bar; `advance` moves it."""
        return Steps(self.display, what, total)

    @cached_property
    def world(self) -> Stack:
        """A deployed world, brought up when first asked for and shared by the benchmarks of this run.

        Its simulator answers with results at once, and lets any number of requests through.
        """
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="actionrelay-bench-")))
        self._closing.callback(down, folder)
        stack = up(folder, genesys_url=None, parameters=_PARAMETERS, progress=Progress(self.display.console))
        self.genesys_takes(stack, milliseconds=0)
        return stack

    def genesys_takes(self, stack: Stack, *, milliseconds: int) -> None:
        """Set how long the simulated actions take."""
        with RemoteSimulator(stack.genesys_url) as simulator:
            latency = {"minMs": milliseconds, "maxMs": milliseconds}
            simulator.patch_scenario({"mode": "completed", "rate": {"enabled": False}, "latency": latency})


class Steps:
    """One bar of the display."""

    def __init__(self, display: Display, what: str, total: int) -> None:
        self._display = display
        self._task = display.add_task(what, total=total)

    def advance(self) -> None:
        """One step further."""
        self._display.advance(self._task)
