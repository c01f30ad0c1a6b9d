"""Ending a world ends its processes and their children, and never one that only reuses an old pid."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.world.environment import MARKER
from local.world.ports import wait_until
from local.world.processes import Handle, is_running, spawn, start_mark, stop

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
# Starts a child in its own group, writes the child's pid, and then waits or ends.
PARENT = (
    "import subprocess, sys, time, pathlib;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "pathlib.Path(sys.argv[1]).write_text(str(child.pid));"
    "time.sleep(float(sys.argv[2]))"
)


class World:
    """A world's folder with processes in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started: list[Handle] = []

    def spawn(self, *command: str, mark: bool = True) -> Handle:
        environment = {"PATH": os.defpath} | ({MARKER: str(self.path)} if mark else {})
        handle = spawn("sleeper", command, environment=environment, log=self.path / "log")
        self.started.append(handle)
        return handle

    def spawn_parent(self, seconds: int, *, mark: bool = True) -> tuple[Handle, int]:
        file = self.path / "child"
        parent = self.spawn(sys.executable, "-c", PARENT, str(file), str(seconds), mark=mark)
        assert wait_until(lambda: file.exists() and file.read_text() != "", alive=lambda: True, seconds=10)
        return parent, int(file.read_text())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    for handle in world.started:
        try:
            os.killpg(handle.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def gone(pid: int) -> bool:
    return wait_until(lambda: start_mark(pid) is None, alive=lambda: True, seconds=10)


def test_a_started_process_is_running_in_a_session_of_its_own(world: World) -> None:
    handle = world.spawn(*SLEEPER)
    assert is_running(handle)
    assert os.getsid(handle.pid) == handle.pid


def test_output_goes_to_the_log_which_is_the_owners_alone(world: World) -> None:
    handle = world.spawn(sys.executable, "-c", "print('said')")
    assert gone(handle.pid) or not is_running(handle)
    assert (world.path / "log").read_text() == "said\n"
    assert (world.path / "log").stat().st_mode & 0o777 == 0o600


def test_stop_ends_a_process_and_what_it_started(world: World) -> None:
    parent, child = world.spawn_parent(60)
    stop([parent], world=world.path)
    assert not is_running(parent)
    assert gone(child)


def test_stop_insists_with_a_process_that_does_not_listen(world: World) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    handle = world.spawn(sys.executable, "-c", deaf)
    assert wait_until(lambda: (world.path / "log").read_text() != "", alive=lambda: True, seconds=10)
    stop([handle], world=world.path, patience_seconds=0.2)
    assert not is_running(handle)


def test_stop_ends_orphans_of_a_process_that_died(world: World) -> None:
    parent, child = world.spawn_parent(0)
    assert wait_until(lambda: not is_running(parent), alive=lambda: True, seconds=10)
    assert start_mark(child) is not None
    stop([parent], world=world.path)
    assert gone(child)


@pytest.mark.skipif(
    not Path("/proc").is_dir(),
    reason="Linux alone shows the environment of another process, which marks an orphan as a world's",
)
def test_stop_leaves_a_foreign_process_group_alone(world: World) -> None:
    parent, child = world.spawn_parent(0, mark=False)
    assert wait_until(lambda: not is_running(parent), alive=lambda: True, seconds=10)
    stop([parent], world=world.path)
    assert start_mark(child) is not None


def test_stop_leaves_a_process_alone_that_got_the_pid_of_another(world: World) -> None:
    stranger = world.spawn(*SLEEPER)
    remembered = Handle("emulator", stranger.pid, "another boot, another time")
    assert not is_running(remembered)
    stop([remembered], world=world.path)
    assert is_running(stranger)


def test_stopping_twice_is_the_same_as_once(world: World) -> None:
    handle = world.spawn(*SLEEPER)
    stop([handle], world=world.path)
    stop([handle], world=world.path)
    assert not is_running(handle)


def test_a_missing_program_is_an_error_at_once(world: World) -> None:
    with pytest.raises(OSError, match="No such file"):
        world.spawn("/nowhere/program")
