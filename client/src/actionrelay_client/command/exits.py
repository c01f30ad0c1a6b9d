"""Exit statuses. They are part of the command's contract: docs/client.md lists them."""

from enum import IntEnum

from actionrelay_client.bulk.book import BookError
from actionrelay_client.bulk.results import ResultsError
from actionrelay_client.bulk.table import TableError
from actionrelay_client.errors import (
    ActionRelayError,
    ApiError,
    NoAnswerError,
    SettingsError,
    ThrottledError,
    UnavailableError,
    UnreadableAnswerError,
    UnsendableError,
    WaitTimeoutError,
)


class Exit(IntEnum):
    """How the command ends."""

    DONE = 0
    OTHERWISE = 1
    """It ended without success: failed, unknown, cancelled, a failed check, rows that need a person."""
    USAGE = 2
    """Options, settings or a file are wrong. Nothing was sent."""
    REFUSED = 3
    """The API refused it: no such execution, wrong state, not allowed, invalid."""
    NO_ANSWER = 4
    """No response, or one that says "later". The same command is safe to repeat."""
    RESULTS = 5
    """The results, or the rows' state, can't be written. The same command resumes."""
    NOT_ENDED = 6
    """The time to wait is over, but it has not ended."""
    INTERRUPTED = 130


_EXITS: tuple[tuple[type[ActionRelayError], Exit], ...] = (
    (SettingsError, Exit.USAGE),
    (UnsendableError, Exit.USAGE),
    (TableError, Exit.USAGE),
    (ResultsError, Exit.RESULTS),
    (BookError, Exit.RESULTS),
    (WaitTimeoutError, Exit.NOT_ENDED),
    (ThrottledError, Exit.NO_ANSWER),
    (UnavailableError, Exit.NO_ANSWER),
    (NoAnswerError, Exit.NO_ANSWER),
    (UnreadableAnswerError, Exit.NO_ANSWER),
    (ApiError, Exit.REFUSED),
)


def exit_of(error: ActionRelayError) -> Exit:
    """Return the exit status for an error."""
    return next((code for kind, code in _EXITS if isinstance(error, kind)), Exit.REFUSED)
