"""What is wrong with a request, collected: all of it is counted, and as much is kept as an answer has room for."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Never, Self

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import MAX_FAULTS, Fault, FaultCode
from actionrelay.strict_json import pointer


class Faults:
    """The faults that one rule, or one request, has come to.

    It keeps the first ``MAX_FAULTS`` and counts the rest: a caller who broke a rule a hundred times has seen the
    pattern, and a body of half a megabyte has room for 250,000 faults. A place becomes text only where it is kept.
    """

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.count = 0

    @classmethod
    def of(cls, *faults: Fault) -> Self:
        """Return what one rule has come to."""
        found = cls()
        found.take(*faults)
        return found

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, where: Iterable[str | int], code: FaultCode, detail: str) -> None:
        """Take what is wrong at a place, by the steps that lead there."""
        self.count += 1
        if len(self.kept) < MAX_FAULTS:
            self.kept.append(Fault(pointer(*where), code, detail))

    def add_each(self, places: Iterable[Iterable[str | int]], count: int, code: FaultCode, detail: str) -> None:
        """Take one fault at ``count`` places; of the places, no more are looked at than there is room for."""
        room = max(MAX_FAULTS - len(self.kept), 0)
        self.kept.extend(Fault(pointer(*where), code, detail) for where in islice(places, room))
        self.count += count

    def take(self, *faults: Fault) -> None:
        """Take faults that are text already."""
        self.count += len(faults)
        self.kept.extend(faults[: max(MAX_FAULTS - len(self.kept), 0)])

    def merge(self, other: "Faults", *, order: Callable[[Fault], int]) -> None:
        """Take another rule's faults as well; those that come first in ``order`` are kept."""
        self.count += other.count
        self.kept = sorted((*self.kept, *other.kept), key=order)[:MAX_FAULTS]

    def refuse(self) -> Never:
        """Refuse the request.

        Raises:
            InvalidRequestError: with what was kept, and how many faults there are in all.
        """
        raise InvalidRequestError(tuple(self.kept), self.count)
