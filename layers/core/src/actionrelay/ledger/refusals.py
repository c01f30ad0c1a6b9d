"""How many refused submissions are on record one by one: so many of a caller and day, and then a number. Pure."""

from dataclasses import dataclass

from actionrelay.lanes import without_session

MOST_RECORDED = 1_000
"""Of one caller and UTC day. A flood of refusals then costs a write each, and neither a day's export nor an index."""
NOBODY = "-"
"""The caller where API Gateway names none."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was refused to one caller on one day."""

    caller: str
    number: int

    @property
    def beyond(self) -> int:
        """Those that have no entry of their own."""
        return beyond(self.number)


def beyond(number: int) -> int:
    """Return how many of so many refusals have no entry of their own."""
    return max(number - MOST_RECORDED, 0)


def counted_as(caller: str | None) -> str:
    """Return whose refusals these are: a role's, for all of its sessions, who could else have any number of names."""
    return without_session(caller) if caller else NOBODY
