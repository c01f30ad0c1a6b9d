"""Merges the positions of several index ranges, newest first, reading no more of each than needed.

Each range is a stream that reads one page at a time, of the requested size. A budget bounds what one response reads, so
a question with few matches ends too, and the next page continues it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from actionrelay.find.ports import IndexPage, Position, Span

SHORTEST_PAGE = 2
"""Index entries of one read. A page of a list reads about this many unused ones per stream."""
type Read = Callable[[Span, int], IndexPage]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one response may still read: entries, since each is a record to read, and requests, since they take time."""

    entries: int
    requests: int
    parts: int
    """Parts of the list, such as days; the first is always read."""

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more may be read."""
        return self.entries <= 0 or self.requests <= 0

    def after(self, entries: int) -> "Budget":
        """Return what is left after a request that read ``entries``; those that read none are bounded by the parts."""
        return replace(self, entries=self.entries - entries, requests=self.requests - (entries > 0))


@dataclass(slots=True)
class Stream:
    """The positions of one range of an index, newest first; the ``newest`` may be known already."""

    read: Read
    span: Span
    newest: Position | None = None
    is_begun: bool = field(default=False, init=False)
    ahead: list[Position] = field(default_factory=list, init=False)
    """Positions that are read but not taken, oldest first."""
    has_more: bool = field(default=True, init=False)
    size: int = field(default=0, init=False)
    """The size that its last page was requested with."""

    def __post_init__(self) -> None:
        """Begin with the known position."""
        if self.newest is not None:
            self._keep((self.newest,))

    def read_page(self, size: int) -> int:
        """Read the next page of at most ``size`` entries; return how many it has."""
        page = self.read(self.span, size)
        self.size, self.has_more = size, page.more
        self._keep(page.positions)
        return len(page.positions)

    def _keep(self, positions: Sequence[Position]) -> None:
        self.is_begun = True
        self.ahead = [*reversed(positions), *self.ahead]
        if positions:
            self.span = replace(self.span, before=positions[-1])


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the list, newer than the next ones: the streams with its positions."""

    streams: Sequence[Stream]
    ends_at: Position
    """The next part has no newer position."""


@dataclass(slots=True)
class Candidates:
    """The positions of all parts, newest first and without duplicates, taken in batches within a budget."""

    parts: Iterator[Part]
    budget: Budget
    passed: Position
    """All positions down to here have been taken."""
    is_cut_off: bool = field(default=False, init=False)
    """The budget ended first: the list goes on where this response stops."""
    _part: Part | None = field(default=None, init=False)
    _is_begun: bool = field(default=False, init=False)

    def take(self, wanted: int) -> list[Position]:
        """Take the next ``wanted`` positions; fewer if there are no more, or the budget ends first."""
        taken: list[Position] = []
        while len(taken) < wanted and not self.is_cut_off:
            part = self._part or self._begin_part()
            if part is None:
                break
            position = self._next(part, wanted - len(taken))
            if position is not None:
                taken.append(position)
        return taken

    def _begin_part(self) -> Part | None:
        part = next(self.parts, None)
        if part is not None and self._is_begun and (self.budget.parts == 0 or self.budget.is_used_up):
            self.is_cut_off, part = True, None
        if part is not None:
            self._part, self._is_begun = part, True
            self.budget = replace(self.budget, parts=self.budget.parts - 1)
        return part

    def _next(self, part: Part, wanted: int) -> Position | None:
        """Take the newest position of a part; None if there are no more, or it can't be known."""
        for stream in part.streams:
            while not stream.ahead and stream.has_more:
                if stream.is_begun and self.budget.is_used_up:
                    # Without this stream the order of the others is unknown.
                    self.is_cut_off = True
                    return None
                size = _page_size(wanted, len(part.streams), stream.size)
                self.budget = self.budget.after(stream.read_page(size))
        newest = max((stream.ahead[-1] for stream in part.streams if stream.ahead), default=None)
        if newest is None:
            self.passed, self._part = part.ends_at, None
        for stream in part.streams:
            while stream.ahead and stream.ahead[-1] == newest:
                stream.ahead.pop()
        return newest


def _page_size(wanted: int, streams: int, before: int) -> int:
    """Return how many entries to request from a stream.

    Among several streams that is half of an equal share, since shares are uneven, and up to twice as many as
    ``before`` for a stream that has most of the positions.
    """
    share = wanted if streams == 1 else wanted // (2 * streams)
    return max(share, min(2 * before, wanted // 12), SHORTEST_PAGE)
