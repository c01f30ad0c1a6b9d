"""The demo's world ends whenever the demo ends. The world is a fake; its folder and the signals are real."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.api import Answer
from local.demo import world
from local.demo.expectations import UnexpectedError, expect, expect_status
from local.demo.world import own_world
from local.world.errors import WorldError
from local.world.progress import Progress
from local.world.state import Stack

STACK = Stack("api", "endpoint", "region", "key", "secret", "genesys", "sink", "whsec_a", "whsec_b", {}, [])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces the world's two commands; returns the list of their calls."""
    made: list[str] = []

    def up(_state: Path, *, genesys_url: str | None, parameters: Mapping[str, str], progress: Progress) -> Stack:
        made.append("up")
        return STACK

    def down(_state: Path) -> int:
        made.append("down")
        return 0

    monkeypatch.setattr(world, "up", up)
    monkeypatch.setattr(world, "down", down)
    return made


def test_an_earlier_demos_world_is_ended_first(tmp_path: Path, calls: list[str]) -> None:
    with own_world(tmp_path, Progress()) as stack:
        assert stack is STACK
        assert calls == ["down", "up"]

    assert calls == ["down", "up", "down"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_block_and_the_world(tmp_path: Path, calls: list[str], number: signal.Signals) -> None:
    # Under nohup SIGHUP is ignored from the start, and the demo leaves it so; here it is to be heeded.
    inherited = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), own_world(tmp_path, Progress()):
            os.kill(os.getpid(), number)

        assert calls == ["down", "up", "down"]
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, inherited)


def test_impatience_does_not_stop_the_ending(tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_state: Path) -> int:
        if "up" in calls:
            os.kill(os.getpid(), signal.SIGINT)
        calls.append("down")
        return 0

    monkeypatch.setattr(world, "down", interrupted)

    with own_world(tmp_path, Progress()):
        pass

    assert calls == ["down", "up", "down"]


def test_two_demos_do_not_share_a_folder(tmp_path: Path, calls: list[str]) -> None:
    with own_world(tmp_path, Progress()):
        with pytest.raises(WorldError, match="another demo"), own_world(tmp_path, Progress()):
            pass
        assert calls == ["down", "up"], "the first one's world is left alone"


def test_what_was_not_promised_is_named_with_what_came() -> None:
    expect("the status", wanted="completed", came="completed")

    with pytest.raises(UnexpectedError, match="the status: expected 'completed', got 'failed'"):
        expect("the status", wanted="completed", came="failed")
    with pytest.raises(UnexpectedError, match="502 with bad gateway"):
        expect_status(Answer(502, {}, b"bad gateway", 1), 202)
