"""What the demo promises, and what it says when something else came."""

import time
from collections.abc import Callable
from typing import Any

from local.api import Answer

_POLL_SECONDS = 0.1


class UnexpectedError(Exception):
    """Something else came than was promised."""

    def __init__(self, what: str, wanted: object, came: object) -> None:
        super().__init__(f"{what}: expected {wanted!r}, came {came!r}")
        self.what = what
        self.wanted = wanted
        self.came = came


def expect(what: str, *, wanted: object, came: object) -> None:
    """Raise UnexpectedError unless both are equal."""
    if came != wanted:
        raise UnexpectedError(what, wanted, came)


def expect_status(answer: Answer, wanted: int) -> None:
    """Raise UnexpectedError, with what the answer says, unless it has this status."""
    if answer.status != wanted:
        raise UnexpectedError("the answer's status", int(wanted), f"{answer.status} with {answer.document}")


def eventually(what: str, *, wanted: object, read: Callable[[], Any], seconds: float = 15) -> None:
    """Read until the wanted value comes; raise UnexpectedError, with the last one, when it has not in time."""
    deadline = time.monotonic() + seconds
    while (came := read()) != wanted:
        if time.monotonic() > deadline:
            raise UnexpectedError(f"{what}, within {seconds:g} s", wanted, came)
        time.sleep(_POLL_SECONDS)
