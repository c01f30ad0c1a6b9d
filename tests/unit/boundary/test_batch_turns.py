"""A batch's messages about one subject are processed in turn; other messages don't wait for them."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from actionrelay.boundary.batch import in_turn

PATIENCE_SECONDS = 30.0


def test_messages_about_one_subject_take_turns() -> None:
    under_way, most, turn = Counter[str](), Counter[str](), threading.Lock()

    def handle(message: str, _ends_at: int) -> None:
        with turn:
            under_way[message] += 1
            most[message] = max(most[message], under_way[message])
        together.wait(PATIENCE_SECONDS)  # one of each is here at the same time, ten times
        with turn:
            under_way[message] -= 1

    together = threading.Barrier(2)
    handled = in_turn(handle, str)
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(handled, ["a", "b"] * 10, [0] * 20))

    assert most == {"a": 1, "b": 1}


def test_an_error_ends_a_turn() -> None:
    done: list[int] = []

    def handle(message: int, _ends_at: int) -> None:
        if not message:
            raise ValueError("no")
        done.append(message)

    handled = in_turn(handle, lambda _: "one subject")
    with pytest.raises(ValueError, match="no"):
        handled(0, 0)
    handled(1, 0)

    assert done == [1]
