"""Expectations of the demo, and the error when one is not met."""

import time
from collections.abc import Callable
from typing import Any

from local.api import Answer

_POLL_SECONDS = 0.1


class UnexpectedError(Exception):
    """An expectation is not met."""

    def __init__(self, what: str, wanted: object, came: object) -> None:
        super().__init__(f"{what}: expected {wanted!r}, got {came!r}")
        self.what = what
        self.wanted = wanted
        self.came = came


def expect(what: str, *, wanted: object, came: object) -> None:
    """Raise UnexpectedError unless both are equal."""
    if came != wanted:
        raise UnexpectedError(what, wanted, came)


def expect_status(answer: Answer, wanted: int) -> None:
    """Raise UnexpectedError, with the answer's document, unless it has this status."""
    if answer.status != wanted:
        raise UnexpectedError("the answer's status", int(wanted), f"{answer.status} with {answer.document}")


def eventually(what: str, *, wanted: object, read: Callable[[], Any], seconds: float = 15) -> None:
    """Poll until the wanted value is read; raise UnexpectedError with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while (came := read()) != wanted:
        if time.monotonic() > deadline:
            raise UnexpectedError(f"{what}, within {seconds:g} s", wanted, came)
        time.sleep(_POLL_SECONDS)
