"""Refused submissions: the first ones of a caller and day have audit entries, the rest is only counted. Pure."""

from dataclasses import dataclass

from actionrelay.lanes import without_session

MOST_RECORDED = 1_000
"""Entries per caller and UTC day. Beyond it a refusal costs one write, and does not grow the export or an index."""
NOBODY = "-"
"""The caller if API Gateway names none."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """A caller's refused submissions of one day."""

    caller: str
    number: int

    @property
    def beyond(self) -> int:
        """How many have no entry."""
        return beyond(self.number)


def beyond(number: int) -> int:
    """Return how many of ``number`` refusals have no entry."""
    return max(number - MOST_RECORDED, 0)


def counted_as(caller: str | None) -> str:
    """Return the caller that a refusal counts for: a role for all its sessions, since it can choose session names."""
    return without_session(caller) if caller else NOBODY
