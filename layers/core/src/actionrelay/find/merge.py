"""How the newest positions of several index ranges become one list, reading no more of each than is needed.

Each range is a stream that gives one page at a time, of the size that it is asked for. Streams are merged newest first.
What one answer may read is a budget, so that a question that hardly anything fits ends all the same, and is continued
by the next page.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from actionrelay.find.ports import IndexPage, Position, Span

SHORTEST_PAGE = 2
"""Index entries of one read. What a page of a list reads in vain is about as much for each of its streams."""
type Read = Callable[[Span, int], IndexPage]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one answer may still read: entries, as each is a record to look at, and requests, as they take time."""

    entries: int
    requests: int
    parts: int
    """Parts of the list, such as days; the first one is always read."""

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more may be read."""
        return self.entries <= 0 or self.requests <= 0

    def after(self, entries: int) -> "Budget":
        """Return what is left after a request that read so many entries; one that read none is bounded by the parts."""
        return replace(self, entries=self.entries - entries, requests=self.requests - (entries > 0))


@dataclass(slots=True)
class Stream:
    """The positions of one range of an index, newest first; of some, the ``newest`` is known already."""

    read: Read
    span: Span
    newest: Position | None = None
    is_begun: bool = field(default=False, init=False)
    ahead: list[Position] = field(default_factory=list, init=False)
    """Positions that were read and not taken yet, oldest first."""
    has_more: bool = field(default=True, init=False)
    size: int = field(default=0, init=False)
    """How many entries its last page was asked for."""

    def __post_init__(self) -> None:
        """Begin with the position that is known."""
        if self.newest is not None:
            self._keep((self.newest,))

    def read_page(self, size: int) -> int:
        """Read the next page, of ``size`` entries at most; return how many it has."""
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
    """A part of the list, newer than the ones after it: the streams that have its positions."""

    streams: Sequence[Stream]
    ends_at: Position
    """The next part has nothing that is newer."""


@dataclass(slots=True)
class Candidates:
    """The positions of parts, newest first and each once, taken a few at a time within a budget."""

    parts: Iterator[Part]
    budget: Budget
    passed: Position
    """Down to here there are no more positions than those that were taken."""
    is_cut_off: bool = field(default=False, init=False)
    """Something was left unread: the list goes on where this answer stops."""
    _part: Part | None = field(default=None, init=False)
    _is_begun: bool = field(default=False, init=False)

    def take(self, wanted: int) -> list[Position]:
        """Take the next ``wanted`` positions; fewer where there are no more, or the budget ends before."""
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
        """Take the newest position of a part; None where there is none any more, or it can't be known."""
        for stream in part.streams:
            while not stream.ahead and stream.has_more:
                if stream.is_begun and self.budget.is_used_up:
                    # What the other streams have is not in order any more.
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
    """How many entries to ask a stream for.

    Among several streams that is half of its share of what is wanted, since shares are uneven, and more where the
    stream turns out to have most of it: up to twice as many as ``before``.
    """
    share = wanted if streams == 1 else wanted // (2 * streams)
    return max(share, min(2 * before, wanted // 12), SHORTEST_PAGE)
