"""The fault of a request, if any: from the script first, then from the scenario's random faults.

Pure except for the injected random source. One draw is made for every random fault that matches, in order, so
a seed and a sequence of requests always give the same faults.
"""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from local.genesys.faults import Fault, RandomFault, ScriptedFault

ORDINARY = Fault()


@dataclass(frozen=True)
class Subject:
    """What a fault can be matched against."""

    on: Literal["execute", "token", "actions"]
    execution_id: str | None = None
    trace_id: str | None = None
    action_id: str | None = None

    def matches(self, fault: Fault) -> bool:
        """Return whether `fault` applies to this request; an id that the fault omits matches any."""
        return fault.on == self.on and all(
            wanted is None or wanted == got
            for wanted, got in (
                (fault.execution_id, self.execution_id),
                (fault.trace_id, self.trace_id),
                (fault.action_id, self.action_id),
            )
        )


class Script:
    """A queue of faults that the next requests take one each, oldest matching entry first."""

    def __init__(self) -> None:
        self._entries: deque[ScriptedFault] = deque()

    def add(self, entries: Iterable[ScriptedFault]) -> int:
        """Append entries (each as often as its `times`); return how many are queued now."""
        for entry in entries:
            self._entries.extend([entry] * entry.times)
        return len(self._entries)

    def take(self, subject: Subject) -> Fault | None:
        """Remove and return the oldest entry that matches, or None."""
        for position, entry in enumerate(self._entries):
            if subject.matches(entry):
                del self._entries[position]
                return entry
        return None

    def clear(self) -> None:
        """Drop the remaining entries."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


def choose(subject: Subject, script: Script, faults: Iterable[RandomFault], source: random.Random) -> Fault:
    """Return what happens to this request: a scripted fault, else a random one, else `ORDINARY`."""
    scripted = script.take(subject)
    if scripted is not None:
        return scripted
    drawn = [fault for fault in faults if subject.matches(fault) and source.random() < fault.share]
    return drawn[0] if drawn else ORDINARY
