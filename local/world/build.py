"""`sam build`, run only if something that goes into the build has changed.

Worlds share the build. A file lock keeps it whole: it is held exclusively while building, and shared for as
long as somebody deploys from it.
"""

import contextlib
import fcntl
import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.world.errors import WorldError
from local.world.progress import Progress
from local.world.state import ROOT

SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
UV = ROOT / ".tools" / "uv" / "bin" / "uv"

_BUILT = ROOT / ".aws-sam"
BUILT_TEMPLATE = _BUILT / "build" / "template.yaml"
_RECORD = _BUILT / "last-good-build.json"
_LOCK = ROOT / ".tools" / "build.lock"
_INPUTS = (
    "template.yaml",
    "samconfig.toml",
    "functions",
    "layers",
    "requirements/sam.txt",
    ".python-version",
)
_SECONDS = 300


@contextlib.contextmanager
def built(progress: Progress, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Ensure that the build matches the sources, and keep it so until the block ends.

    Raises WorldError when `sam build` fails.
    """
    _LOCK.parent.mkdir(exist_ok=True)
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        sources = fingerprint(ROOT)
        if _record(sources) == _recorded():
            progress.step("the build is that of the sources")
        else:
            # Not an upgrade in place: flock may let another in between, who may then have built the same.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _record(sources) != _recorded():
                progress.step("sam build")
                _build(environment, log)
                _RECORD.write_text(json.dumps(_record(sources)), encoding="utf-8")
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def artifacts() -> Path:
    """Return the folder of the last build: one folder for each function and layer, by its logical id."""
    return _BUILT / "build"


def for_this_host(system: str, machine: str) -> dict[str, str]:
    """Return what the layer's Makefile must know of this machine, where it runs the functions and is no Linux.

    On Linux the layer is the one that Lambda gets, to the byte.
    """
    if system != "Darwin":
        return {}
    architecture = "aarch64" if machine == "arm64" else machine
    return {"HOST_PLATFORM": f"{architecture}-apple-darwin", "UV": str(UV)}


def fingerprint(root: Path) -> str:
    """Return a hash over the names and contents of everything that goes into a build."""
    digest = hashlib.sha256()
    for file in sorted(_sources(root)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    for name in _INPUTS:
        path = root / name
        files = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def _record(sources: str) -> dict[str, str | int]:
    # With the time of the build: any other `sam build` leaves another one.
    return {"sources": sources, "built": BUILT_TEMPLATE.stat().st_mtime_ns if BUILT_TEMPLATE.is_file() else 0}


def _recorded() -> dict[str, str | int] | None:
    try:
        recorded: dict[str, str | int] = json.loads(_RECORD.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return recorded


def _build(environment: Mapping[str, str], log: Path) -> None:
    with log.open("w", encoding="utf-8") as output:
        command = [str(SAM), "build", "--config-env", "local"]
        try:
            subprocess.run(
                command,
                cwd=ROOT,
                env={**environment, **for_this_host(platform.system(), platform.machine())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=True,
            )
        except subprocess.CalledProcessError as failed:
            raise WorldError("sam build failed", log) from failed
        except subprocess.TimeoutExpired as late:
            raise WorldError(f"sam build took longer than {_SECONDS} seconds", log) from late
        except OSError as missing:
            raise WorldError(f"sam can't be started ({missing}); `make env` installs it") from missing
    for folder in artifacts().glob("*Layer"):
        shutil.make_archive(str(folder), "zip", folder)


def archive_of(folder: Path) -> Path:
    """Return the archive of a built layer, which every deployment of this build sends as it is.

    `sam deploy` would make it again each time, which takes three seconds.
    """
    return folder.with_name(f"{folder.name}.zip")
