"""Use case: list executions, newest first, by the index that returns the fewest candidates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypedDict

from actionrelay.find.filters import ListQuestion, cursor, read_question
from actionrelay.find.merge import Budget, Candidates, Part, Stream
from actionrelay.find.ports import ExecutionIndex, IndexPage, Position, Span
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.document import ExecutionSummaryDocument, execution_summary
from actionrelay.ledger.execution import INDEXED_ENDS, Execution
from actionrelay.ports import Clock
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import DAY_MS, day_of, midnight


class ExecutionListDocument(TypedDict):
    """A page of executions, newest first."""

    executions: list[ExecutionSummaryDocument]
    next: str | None
    """Where the next page begins; null on the last page. A short or empty page may have one too."""


MAX_ENTRIES = 200
"""About how many executions one response reads: 200 records of two items of at most 8 KB are 400 read units."""
MAX_REQUESTS = 7
"""About how many index reads with entries one response makes; with those of records twelve, one after the other."""
MAX_DAYS = 40
"""Days that one response reads: a month of retention is one response, however rarely an action is used."""
RECORDS_AT_ONCE = 50
"""Two items each: the most that one request to DynamoDB may name."""


@dataclass(slots=True)
class _Answer:
    """What was found for a question, and the position up to which it was read."""

    question: ListQuestion
    looked_to: Position
    found: list[Execution] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.found) == self.question.limit

    def next_page(self, candidates: Candidates) -> Position | None:
        """Return where the next response goes on; None if nothing is left to read."""
        if self.is_full:
            return self.looked_to
        return min(self.looked_to, candidates.passed) if candidates.is_cut_off else None

    def look_at(self, position: Position, execution: Execution | None) -> None:
        """Keep an execution if it is asked for.

        One that was accepted at another time belongs to another index entry: the id was reused.
        """
        self.looked_to = position
        if execution and execution.created_at == position.created_at and self.question.wants(execution):
            self.found.append(execution)


@dataclass(frozen=True, slots=True)
class ListExecutions:
    """Lists executions."""

    index: ExecutionIndex
    clock: Clock
    api: GenesysApi
    retention_ms: int
    max_entries: int = MAX_ENTRIES
    max_requests: int = MAX_REQUESTS
    max_days: int = MAX_DAYS

    def page(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return one page for the parameters of a query string.

        Pages follow the order of acceptance, so new executions move none from one page to another. One response reads
        a bounded number of index entries, so a page may hold fewer than ``limit`` executions, even none, and still have
        a next one.

        Raises:
            InvalidRequestError: with every fault of the query.
        """
        found, next_page = self.look(read_question(query, self.api))
        document: ExecutionListDocument = {
            "executions": [execution_summary(execution, self.clock.now()) for execution in found],
            "next": None if next_page is None else cursor(next_page),
        }
        return as_json(document)

    def look(self, question: ListQuestion) -> tuple[list[Execution], Position | None]:
        """Return what one response finds for a question, and the position after which the next one goes on."""
        span = self._span(question)
        answer = _Answer(question, span.before)
        parts = iter(()) if span.is_empty else self._parts(question, span)
        candidates = Candidates(parts, Budget(self.max_entries, self.max_requests, self.max_days), span.before)
        wanted = question.limit
        while not answer.is_full and (positions := candidates.take(wanted)):
            records = self.index.read([position.execution_id for position in positions])
            for position in positions:
                if not answer.is_full:
                    answer.look_at(position, records.get(position.execution_id))
            wanted = RECORDS_AT_ONCE
        return answer.found, answer.next_page(candidates)

    def _span(self, question: ListQuestion) -> Span:
        """Bound a question by what can exist: nothing past its retention, or of a later day than today."""
        now = self.clock.now()
        tomorrow = Position(midnight(now) + DAY_MS, "")
        until = tomorrow if question.until is None else Position(question.until, "")
        return Span(
            max(question.since or 0, now - self.retention_ms + 1), min(tomorrow, until, question.after or tomorrow)
        )

    def _parts(self, question: ListQuestion, span: Span) -> Iterator[Part]:
        """Yield the streams of candidates, from the index that has the fewest."""
        index = self.index
        if question.named is not None:
            streams = [Stream(partial(index.traced, question.named), span), *self._named(question.named, span)]
        elif question.undelivered:
            streams = [Stream(index.undelivered, span)]
        elif question.statuses and question.statuses <= INDEXED_ENDS:
            streams = [Stream(partial(index.ended_as, status), span) for status in sorted(question.statuses)]
        else:
            return self._days(question, span)
        return iter([Part(streams, Position(span.since, ""))])

    def _named(self, execution_id: str, span: Span) -> Iterator[Stream]:
        """Yield the execution with this id, which is also its trace id by default; no index holds that."""
        execution = self.index.read([execution_id]).get(execution_id)
        if execution is not None:
            own = Position(execution.created_at, execution_id)
            if span.since <= own.created_at and own < span.before:
                yield Stream(lambda *_: IndexPage(), span, own)

    def _days(self, question: ListQuestion, span: Span) -> Iterator[Part]:
        """Go back day by day."""
        # The position before the first one of a ms is in the ms before it.
        newest = span.before.created_at - (not span.before.execution_id)
        for begin in range(midnight(newest), midnight(span.since) - 1, -DAY_MS):
            day, day_span = day_of(begin), Span(max(span.since, begin), span.before)
            if question.action_id is not None:
                stream = Stream(partial(self.index.of_action, question.action_id, day), day_span)
            else:
                stream = Stream(partial(self.index.of_day, day), day_span)
            yield Part([stream], Position(begin, ""))
