"""Collects the faults of a request: all are counted, and as many are kept as an answer has room for."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Never, Self

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import MAX_FAULTS, Fault, FaultCode
from actionrelay.strict_json import pointer


class Faults:
    """The faults of one rule, or of one request.

    It keeps the first ``MAX_FAULTS`` and counts the rest: a hundred show the pattern, and a body of half a megabyte can
    have 250,000. Only the pointers of faults that are kept become text.
    """

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.count = 0

    @classmethod
    def of(cls, *faults: Fault) -> Self:
        """Return the faults of one rule."""
        found = cls()
        found.take(*faults)
        return found

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, where: Iterable[str | int], code: FaultCode, detail: str) -> None:
        """Add a fault at the place that the steps lead to."""
        self.count += 1
        if len(self.kept) < MAX_FAULTS:
            self.kept.append(Fault(pointer(*where), code, detail))

    def add_each(self, places: Iterable[Iterable[str | int]], count: int, code: FaultCode, detail: str) -> None:
        """Add one fault at ``count`` places. Only as many places are read as there is room for."""
        room = max(MAX_FAULTS - len(self.kept), 0)
        self.kept.extend(Fault(pointer(*where), code, detail) for where in islice(places, room))
        self.count += count

    def take(self, *faults: Fault) -> None:
        """Add faults."""
        self.count += len(faults)
        self.kept.extend(faults[: max(MAX_FAULTS - len(self.kept), 0)])

    def merge(self, other: "Faults", *, order: Callable[[Fault], int]) -> None:
        """Add another rule's faults; those that come first in ``order`` are kept."""
        self.count += other.count
        self.kept = sorted((*self.kept, *other.kept), key=order)[:MAX_FAULTS]

    def refuse(self) -> Never:
        """Refuse the request.

        Raises:
            InvalidRequestError: with the kept faults and the number of all.
        """
        raise InvalidRequestError(tuple(self.kept), self.count)
