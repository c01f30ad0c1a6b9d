"""Cold import: what a function needs until its first event can be worked on, against `import boto3` with its clients.

What is measured is the build that is deployed, read-only and with no bytecode written, as in Lambda. A sample is a
fresh interpreter that times itself from its first import on; the start of Python is on no side.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rich.console import Console

from benchmarks.bench import Bench
from benchmarks.results import TIMES, Result, Target
from benchmarks.sampling import Series, in_turns
from local.world.build import artifacts, built
from local.world.environment import for_tools
from local.world.progress import Progress
from local.world.state import ROOT
from tests.fakes.deployment import ENVIRONMENT

WIRED = {
    "execute": "execute_batch",
    "validate": "submit_execution",
    "receive_webhook": "receive_result",
    "deliver": "deliver_webhook",
    "query": "read_execution",
}
"""Each function with what its handler asks `wiring` for at the first event."""

EXECUTE_LIMIT = 1.25

_FUNCTION = """\
import time; begun = time.perf_counter()
import app
from actionrelay.wiring import {function} as wiring
from actionrelay.wiring.process import aws
wired = wiring.{wired}()
seconds = time.perf_counter() - begun
import json, actionrelay, pydantic
assert all(each.__file__.startswith(layer) for each in (actionrelay, pydantic)), "not the built layer"
made = sorted(name for name in vars(aws()) if name != "session")
print(json.dumps([seconds, [getattr(aws(), name).meta.service_model.service_name for name in made]]))
"""
_PEER = """\
import time; begun = time.perf_counter()
import boto3
session = boto3.Session()
clients = [session.client(service) for service in {services!r}]
seconds = time.perf_counter() - begun
import json
print(json.dumps([seconds, {services!r}]))
"""
_FLOOR = """\
import time; begun = time.perf_counter()
import aws_lambda_powertools.metrics, pydantic, urllib3
import json
print(json.dumps([time.perf_counter() - begun, []]))
"""
_ENVIRONMENT = {
    **ENVIRONMENT,
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True, slots=True)
class _Artifact:
    """A copy of the build, read-only: the layer's packages and the functions' folders."""

    layer: Path
    functions: Path

    @classmethod
    def copied(cls, folder: Path, *, bytecode: bool) -> Self:
        """Copy the build into `folder`, with the layer's bytecode or without it."""
        build = artifacts()
        ignored = shutil.ignore_patterns(*([] if bytecode else ["__pycache__"]))
        copy = cls(folder / "layer", folder / "functions")
        shutil.copytree(build / "CoreLayer" / "python", copy.layer, ignore=ignored)
        for function in WIRED:
            shutil.copytree(build / _logical_id(function), copy.functions / function, ignore=ignored)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        return copy


@dataclass(frozen=True, slots=True)
class _Interpreter:
    """Runs one program in a fresh interpreter, with the files of one function and of the layer."""

    program: str
    function: str
    artifact: _Artifact

    def run(self) -> tuple[float, tuple[str, ...]]:
        """Return the milliseconds that it took, and the services that it has clients of."""
        folder = self.artifact.functions / self.function
        done = subprocess.run(
            [sys.executable, "-c", f"layer = {str(self.artifact.layer)!r}\n{self.program}"],
            cwd=folder,
            env=_ENVIRONMENT
            | {"PYTHONPATH": os.pathsep.join(map(str, (folder, self.artifact.layer))), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        seconds, services = json.loads(done.stdout.splitlines()[-1])
        return seconds * 1_000, tuple(services)

    def milliseconds(self) -> float:
        """Take a sample."""
        return self.run()[0]


def run(bench: Bench) -> Result:
    """Measure the functions; `execute` has the target."""
    rounds = bench.scale(9, 3)
    steps = bench.progress("imports", rounds * len(WIRED))
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    with _build() as (whole, bare):
        for function, wired in WIRED.items():
            program = _FUNCTION.format(function=function, wired=wired)
            ours = _Interpreter(program, function, whole)
            services = ours.run()[1]
            sides = {
                "ours": ours,
                "bare": _Interpreter(program, function, bare),
                "floor": _Interpreter(_PEER.format(services=list(services)), function, whole),
                "libraries": _Interpreter(_FLOOR, function, whole),
            }
            taken = in_turns({name: side.milliseconds for name, side in sides.items()}, rounds, steps.advance)
            rows.append(_row(function, services, taken))
            if function == "execute":
                ratio = taken["ours"].median / taken["floor"].median
                targets.append(Target("import of execute over boto3 with the same clients", ratio, EXECUTE_LIMIT))
    return Result(
        name="imports",
        title=f"Cold import of the build, clients made, in ms (median of {rounds}, quartiles)",
        columns=("function", "clients", "as built", "without bytecode", "boto3 alone", "ratio", "libraries alone"),
        rows=tuple(rows),
        targets=tuple(targets),
        notes=(
            (
                "A fresh interpreter per sample, over a read-only copy of what `sam build` made, and nothing writes "
                "bytecode. boto3 and Python are this machine's and have theirs, on every side."
            ),
            "The ratio is that of the build over boto3 with the same clients, the floor of a function that uses them.",
            (
                "The last column is powertools, pydantic and urllib3 from the layer, without boto3 and without the "
                "package. Some of what they import is what boto3 imports, so columns don't add up."
            ),
        ),
    )


@contextmanager
def _build() -> Iterator[tuple[_Artifact, _Artifact]]:
    """Build, and copy the build as it is and without its bytecode."""
    # boto3's bytecode is there in any environment that was used before; a new one gets it now, outside the samples.
    session = "import boto3; session = boto3.Session(region_name='us-east-1')"
    used = f"{session}; [session.client(name) for name in ('dynamodb', 's3', 'secretsmanager', 'sqs', 'ssm')]"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", used], env=environment, check=True)
    with tempfile.TemporaryDirectory(prefix="actionrelay-imports-") as name:
        folder = Path(name)
        tools = for_tools(os.environ, ROOT / ".tools" / "uv" / "bin")
        with built(Progress(Console(quiet=True)), tools, folder / "build.log"):
            copies = tuple(_Artifact.copied(folder / kind, bytecode=kind == "whole") for kind in ("whole", "bare"))
        try:
            yield copies[0], copies[1]
        finally:
            for path in folder.rglob("*"):
                if path.is_dir():
                    path.chmod(0o755)


def _logical_id(function: str) -> str:
    return "".join(word.capitalize() for word in function.split("_")) + "Function"


def _row(function: str, services: tuple[str, ...], taken: dict[str, Series]) -> tuple[str, ...]:
    ratio = f"{taken['ours'].median / taken['floor'].median:.2f} {TIMES}"
    shown = {name: series.shown(0) for name, series in taken.items()}
    return (
        function,
        ", ".join(services),
        shown["ours"],
        shown["bare"],
        shown["floor"],
        ratio,
        shown["libraries"],
    )
