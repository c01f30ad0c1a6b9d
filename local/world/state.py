"""A world's folder: its files, and the three that describe it to others.

`stack.json` is for users of the world. `world.json` is for `down`: each process with the mark of its start.
`parameters.json` is for the next `up`: what the world was deployed with. Each is replaced in one step and is readable
by its owner alone, since the first holds credentials.
"""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.world.processes import Handle

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""

DEFAULT_STATE = ROOT / ".local"


@dataclass(frozen=True, slots=True)
class Stack:
    """The content of `stack.json`, whose field names are in camelCase."""

    api_url: str
    endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    genesys_url: str
    sink_url: str
    webhook_secret: str
    delivery_secret: str
    outputs: Mapping[str, str]
    pids: Sequence[int]
    api_key: str | None = None
    """Only with API keys."""
    operator_api_key: str | None = None
    """The same; it opens the operators' routes too."""


class WorldFolder:
    """The files of one world, below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self.temporary = self.path / "tmp"
        self.stack_file = self.path / "stack.json"
        self._world_file = self.path / "world.json"
        self._parameters_file = self.path / "parameters.json"

    def log(self, name: str) -> Path:
        """Return the log file of one process or step."""
        return self.logs / f"{name}.log"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock this world against other `up`s and `down`s until the block ends."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self) -> None:
        """Create the folders, without files of an earlier world."""
        self.clear()
        shutil.rmtree(self.logs, ignore_errors=True)
        for folder in (self.logs, self.temporary):
            folder.mkdir(parents=True)

    def clear(self) -> None:
        """Remove everything of the world except its logs."""
        for file in (self.stack_file, self._world_file, self._parameters_file):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.temporary, ignore_errors=True)

    def write_processes(self, processes: Sequence[Handle]) -> None:
        """Record the world's processes."""
        _replace(self._world_file, {"processes": [asdict(process) for process in processes]})

    def processes(self) -> list[Handle]:
        """Return the recorded processes; none if there is no world."""
        recorded = _read(self._world_file)
        return [Handle(**process) for process in recorded["processes"]] if recorded else []

    def write_parameters(self, parameters: Mapping[str, str]) -> None:
        """Record the world's parameters."""
        _replace(self._parameters_file, parameters)

    def parameters(self) -> dict[str, str]:
        """Return the world's parameters that were given at its deployment."""
        return _read(self._parameters_file) or {}

    def write_stack(self, stack: Stack) -> None:
        """Write `stack.json`."""
        _replace(self.stack_file, {_camel(name): value for name, value in asdict(stack).items() if value is not None})

    def stack(self) -> Stack | None:
        """Return the content of `stack.json`, or None if there is none."""
        recorded = _read(self.stack_file)
        return Stack(**{_snake(name): value for name, value in recorded.items()}) if recorded else None


def _replace(file: Path, content: Mapping[str, Any]) -> None:
    # mkstemp makes the file readable by its owner alone.
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2)
        stream.write("\n")
    Path(name).replace(file)


def _read(file: Path) -> dict[str, Any] | None:
    try:
        recorded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return recorded


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
