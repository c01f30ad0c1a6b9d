"""How the newest positions of several index ranges become one list, reading no more of each than is needed.

Each range is a stream that reads on in pages; the streams are merged newest first. An answer has an allowance
of index entries, so that a question that hardly anything fits ends all the same, and is continued by the next page.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from actionrelay.find.ports import IndexPage, Position, Span

SHORTEST_PAGE = 2
"""Index entries of one read. What a page of a list reads in vain is about as much for each of its streams."""
type Read = Callable[[Span, int], IndexPage]


@dataclass(slots=True)
class Allowance:
    """What one answer may still read: entries, as each is a record to look at, and requests, as they take time."""

    entries: int
    requests: int
    days: int
    wanted: int = 0
    """How many more positions are asked for at the moment, so that not many more are read."""
    spent: bool = False
    """Something was left unread: the list goes on where this answer stops."""
    _days_begun: int = field(default=0, init=False)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more may be read."""
        return self.entries <= 0 or self.requests <= 0

    def begins_a_day(self) -> bool:
        """Whether one more day may be looked at; the first one always."""
        if self._days_begun and (self._days_begun == self.days or self.is_used_up):
            self.spent = True
            return False
        self._days_begun += 1
        return True

    def paid_for(self, entries: int) -> None:
        """Account for a request that read so many entries; one that read none is bounded by the days."""
        self.entries -= entries
        self.requests -= entries > 0


@dataclass(slots=True)
class Stream:
    """The positions of one range of an index, newest first; of some, the ``newest`` is known already."""

    read: Read
    span: Span
    newest: Position | None = None

    def positions(self, allowance: Allowance, streams: int) -> Iterator[Position]:
        """Give all positions of the range, or as many as the allowance has; its first page it has in any case.

        Among so many ``streams`` it reads half its share of what is wanted at a time, since shares are uneven, and more
        where it turns out to have most of it.
        """
        begun = self.newest is not None
        if self.newest is not None:
            yield self.newest
            self.span = replace(self.span, before=self.newest)
        size, more = 0, True
        while more:
            if begun and allowance.is_used_up:
                allowance.spent = True
                return
            share = allowance.wanted if streams == 1 else allowance.wanted // (2 * streams)
            size = max(share, min(2 * size, allowance.wanted // 12), SHORTEST_PAGE)
            found = self.read(self.span, size)
            allowance.paid_for(len(found.positions))
            begun, more = True, found.more
            yield from found.positions
            if found.positions:
                self.span = replace(self.span, before=found.positions[-1])


def merged(streams: Sequence[Stream], allowance: Allowance) -> Iterator[Position]:
    """Give the positions of all streams, newest first and each once.

    It ends when they do, or when one of them can't be read on within the allowance: what the others have below that is
    not in order any more.
    """
    last: Position | None = None
    for position in heapq.merge(*(each.positions(allowance, len(streams)) for each in streams), reverse=True):
        if allowance.spent:
            return
        if position != last:
            allowance.wanted -= 1
            yield position
        last = position
