"""Processes that outlive the one that starts them, and that another one stops.

A pid alone is no name for a process: it is given out again. A `Handle` therefore keeps when the process
started, and nothing is signalled unless both fit. Each process leads a process group of its own, in which
whatever it starts (the emulator's Lambda workers) stays and is ended with it.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.world.environment import MARKER

_PROC = Path("/proc")
_POLL_SECONDS = 0.02
# Fields of /proc/<pid>/stat, counted from the one after the command's closing parenthesis (proc_pid_stat(5)).
_STATE, _GROUP, _START_TIME = 0, 2, 19


@dataclass(frozen=True, slots=True)
class Handle:
    """A started process: what it is called here, its pid, and the mark of when it started."""

    name: str
    pid: int
    started: str


def spawn(name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Handle:
    """Start `command` in a session of its own, with its output in `log`, and return at once.

    Raises OSError when the program can't be started.
    """
    # posix_spawn and not Popen: the process is not this one's to wait for, and Popen would complain that it
    # isn't.
    pid = os.posix_spawnp(
        command[0],
        list(command),
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return Handle(name, pid, start_mark(pid) or "")


def is_running(handle: Handle) -> bool:
    """Say whether exactly this process is alive. A process that got its pid later is not it."""
    _reap(handle.pid)
    mark = start_mark(handle.pid)
    return mark is not None and mark == handle.started


def stop(handles: Sequence[Handle], *, world: Path, patience_seconds: float = 5.0) -> None:
    """End these processes and what they started: SIGTERM first, SIGKILL for what is left after
    `patience_seconds`.

    Does nothing to a process that has ended already, or to one that got its pid since.
    """
    groups = [handle.pid for handle in handles if _may_signal(handle, world)]
    deadline = time.monotonic() + patience_seconds
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)
        while groups and time.monotonic() < deadline:
            groups = [group for group in groups if _members(group)]
            time.sleep(_POLL_SECONDS if groups else 0)
        if not groups:
            return
        deadline = time.monotonic() + 1


def start_mark(pid: int) -> str | None:
    """Return what identifies this process among all that ever have its pid, or None if there is no such live
    process.
    """
    if _PROC.is_dir():
        fields = _stat(pid)
        if fields is None or fields[_STATE] == "Z":
            return None
        # Start times count from boot, so the boot is part of the mark.
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{fields[_START_TIME]}"
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(None, 1)
    return shown[1].strip() if len(shown) > 1 and not shown[0].startswith("Z") else None


def running(mark: str, *, connected: bool = False) -> list[int]:
    """Return the processes whose command line has such a part; where asked, those alone that hold a socket.

    Linux alone: it reads ``/proc``.
    """
    found = []
    for command in _PROC.glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in command.read_text(errors="replace") and (not connected or _holds_socket(command.parent)):
                found.append(int(command.parent.name))
    return sorted(found)


def _holds_socket(process: Path) -> bool:
    return any(str(file.readlink()).startswith("socket:") for file in (process / "fd").iterdir())


def _may_signal(handle: Handle, world: Path) -> bool:
    if is_running(handle):
        return True
    if start_mark(handle.pid) is not None:
        # Another process has the pid, which the system does not give out while the group of that number
        # exists.
        return False
    return any(_belongs_to(member, world) for member in _members(handle.pid))


def _members(group: int) -> list[int]:
    """Return the live processes of a group."""
    _reap(group)
    if not _PROC.is_dir():
        listed = subprocess.run(["ps", "-Ao", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()]
        return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]
    pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    stats = [(pid, _stat(pid)) for pid in pids]
    return [
        pid for pid, fields in stats if fields is not None and fields[_STATE] != "Z" and fields[_GROUP] == str(group)
    ]


def _belongs_to(pid: int, world: Path) -> bool:
    try:
        variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{MARKER}={world}".encode() in variables


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _reap(pid: int) -> None:
    """Take the exit status of a child, so that it does not stay as a zombie; others' processes are left
    alone.
    """
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
