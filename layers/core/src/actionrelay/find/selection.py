"""Use case: select all executions that a filter matches, for a decision about many; too many are refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import Fault
from actionrelay.find.filters import ListQuestion, read_question
from actionrelay.find.listing import ListExecutions
from actionrelay.ledger.execution import Execution
from actionrelay.pages import EXECUTION_FILTERS, MAX_LIMIT

MAX_SELECTED = 1_000
"""Executions per selection."""
MAX_ANSWERS = 60
"""Pages of the list that one selection reads: 12,000 records, about 10 s."""


@dataclass(frozen=True, slots=True)
class SelectExecutions:
    """Selects executions by the list's own parameters and rules."""

    listing: ListExecutions
    most: int = MAX_SELECTED
    answers: int = MAX_ANSWERS

    def check(self, filters: Mapping[str, str]) -> None:
        """Check that a filter is valid.

        Raises:
            InvalidRequestError: with every fault, as ``/filter/<name>``.
        """
        self._question(filters)

    def select(self, filters: Mapping[str, str], until: int) -> tuple[str, ...]:
        """Return the ids of what was accepted up to ``until`` (ms), newest first.

        Raises:
            InvalidRequestError: the filter is invalid, or too wide (``too_many``): it matches more than ``most``, or
                finding its few matches takes too long.
            StoreUnavailableError: an index or the table can't be read.
        """
        asked = self._question(filters)
        question = replace(asked, until=min(until + 1, until + 1 if asked.until is None else asked.until))
        selected: list[str] = []
        for _ in range(self.answers):
            found, following = self.listing.look(question)
            selected += (execution.execution_id for execution in found)
            if len(selected) > self.most:
                raise _too_many(f"matches more than {self.most} executions: narrow it, for example by from and to")
            if following is None:
                return tuple(selected)
            question = replace(question, after=following)
        raise _too_many("has to read too many executions: narrow it, for example by from and to")

    def wants(self, filters: Mapping[str, str]) -> Callable[[Execution], bool]:
        """Return whether a filter matches an execution in its current state, as a function."""
        return self._question(filters).wants

    def _question(self, filters: Mapping[str, str]) -> ListQuestion:
        return replace(read_question(filters, self.listing.api, "filter", EXECUTION_FILTERS), limit=MAX_LIMIT)


def _too_many(detail: str) -> InvalidRequestError:
    return InvalidRequestError((Fault("/filter", "too_many", detail),))
