"""Use case: find all executions that a filter means, for a decision about them; bounded, or refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import Fault
from actionrelay.find.filters import FILTERS, ListQuestion, read_question
from actionrelay.find.listing import ListExecutions
from actionrelay.ledger.execution import Execution
from actionrelay.pages import MAX_LIMIT

MAX_SELECTED = 1_000
"""Executions of one selection."""
MAX_ANSWERS = 60
"""Answers of a list that are read for one: 12,000 records, and some 10 s."""


@dataclass(frozen=True, slots=True)
class SelectExecutions:
    """Finds what a filter means, by the list's own parameters and rules."""

    listing: ListExecutions
    most: int = MAX_SELECTED
    answers: int = MAX_ANSWERS

    def check(self, filters: Mapping[str, str]) -> None:
        """Make sure that a filter can be read.

        Raises:
            InvalidRequestError: with every fault, as ``/filter/<name>``.
        """
        self._question(filters)

    def select(self, filters: Mapping[str, str], until: int) -> tuple[str, ...]:
        """Return the ids of what was accepted up to ``until`` (ms), newest first.

        Raises:
            InvalidRequestError: the filter can't be read, or means too many (``too_many``): more than ``most``, or so
                few of so many that it takes too long to find them.
            StoreUnavailableError: an index or the table can't be read.
        """
        asked = self._question(filters)
        question = replace(asked, until=min(until + 1, until + 1 if asked.until is None else asked.until))
        selected: list[str] = []
        for _ in range(self.answers):
            found, following = self.listing.look(question)
            selected += (execution.execution_id for execution in found)
            if len(selected) > self.most:
                raise _too_many(f"means more than {self.most} executions: narrow it, by from and to for example")
            if following is None:
                return tuple(selected)
            question = replace(question, after=following)
        raise _too_many("has to look at too many executions: narrow it, by from and to for example")

    def wants(self, filters: Mapping[str, str]) -> Callable[[Execution], bool]:
        """Return whether a filter still means an execution in its current state."""
        return self._question(filters).wants

    def _question(self, filters: Mapping[str, str]) -> ListQuestion:
        return replace(read_question(filters, self.listing.api, "filter", FILTERS), limit=MAX_LIMIT)


def _too_many(detail: str) -> InvalidRequestError:
    return InvalidRequestError((Fault("/filter", "too_many", detail),))
