"""What each function has in memory at most while it handles the heaviest event that its rules allow.

A fresh process each, with the build's files and the template's environment; AWS, Genesys Cloud and receivers are in
another one (`heaviest`).
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
from typing import Any

import yaml
from rich.console import Console

from benchmarks.bench import Bench
from benchmarks.heaviest import handled
from benchmarks.heaviest.events import HEAVIEST, Heaviest
from benchmarks.heaviest.records import Records
from benchmarks.heaviest.services import Services, serving
from benchmarks.results import Result, Target
from local.world.build import artifacts, built
from local.world.environment import for_tools
from local.world.progress import Progress
from local.world.state import ROOT
from tests.fakes.deployment import ENVIRONMENT

MOST = 90.0
"""Percent of a function's memory."""
_PATIENCE_SECONDS = 120


class NotHandledError(Exception):
    """A function did not do what the event asks for."""


@dataclass(frozen=True, slots=True)
class Peak:
    """What one process had in memory at most, in MB."""

    ready: float
    """With all imported and every client made, before its event."""
    handled: float
    event: float
    """What the event itself has as JSON."""


@dataclass(frozen=True, slots=True)
class Build:
    """A copy of what `sam build` made."""

    folder: Path
    template: Any

    def memory_mb(self, function: str) -> int:
        """Return what the template gives a function."""
        own = self.template["Resources"][_logical_id(function)]["Properties"]
        return int(own.get("MemorySize", self.template["Globals"]["Function"]["MemorySize"]))

    def handle(self, heaviest: Heaviest) -> Peak:
        """Have one event handled in a process of its own.

        Raises:
            NotHandledError: it failed, or was another event than was meant.
        """
        with serving(Services()) as services:
            event = json.dumps(heaviest.event(Records(services)), ensure_ascii=False).encode()
            services.asked.clear()
            code = self.folder / _logical_id(heaviest.function)
            done = subprocess.run(
                [sys.executable, "-P", str(Path(handled.__file__))],
                input=event,
                capture_output=True,
                cwd=code,
                env=self._environment(services) | {"PYTHONPATH": f"{code}:{self.folder / 'CoreLayer/python'}"},
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        said = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
        missing = {what: services.asked[what] for what, least in heaviest.asks.items() if services.asked[what] < least}
        if not said or said.get("batchItemFailures") or said.get("statusCode", 200) >= 300 or missing:
            shown = done.stderr.decode()[-2_000:] or done.stdout.decode()[-4_000:]
            raise NotHandledError(f"{heaviest.function}, {heaviest.what}: asked {dict(services.asked)}; {shown}")
        return Peak(said["ready"] / 1_024, said["peak"] / 1_024, said["event"] / 1_000_000)

    def _environment(self, services: Services) -> dict[str, str]:
        shared = self.template["Globals"]["Function"]["Environment"]["Variables"]
        return {
            **{name: value for name, value in shared.items() if isinstance(value, str)},
            **ENVIRONMENT,
            "ALLOW_PRIVATE_WEBHOOKS": "true",
            "GENESYS_API_URL": services.url,
            "GENESYS_LOGIN_URL": services.url,
            "AWS_ENDPOINT_URL": services.url,
            "AWS_LAMBDA_RUNTIME_API": services.url.removeprefix("http://"),
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "POWERTOOLS_METRICS_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.defpath,
        }


def run(bench: Bench) -> Result:
    """Measure each event once: peaks differ by little."""
    steps = bench.progress("memory", len(HEAVIEST))
    rows: list[tuple[str, ...]] = []
    parts: dict[str, float] = {}
    with _built() as build:
        for heaviest in HEAVIEST:
            peak, memory = build.handle(heaviest), build.memory_mb(heaviest.function)
            part = peak.handled / memory * 100
            parts[heaviest.function] = max(parts.get(heaviest.function, 0), part)
            shown = (f"{peak.event:.1f}", f"{peak.ready:.0f}", f"{peak.handled:.0f}", str(memory), f"{part:.0f} %")
            rows.append((heaviest.function, heaviest.what, *shown))
            steps.advance()
    return Result(
        name="memory",
        title="The heaviest events that the rules allow: what a process has in memory at most, in MB",
        columns=("function", "event", "event as JSON", "ready", "peak", "MemorySize", "part of it"),
        rows=tuple(rows),
        targets=tuple(Target(f"peak of {function}", part, MOST, "% of its memory") for function, part in parts.items()),
        notes=(
            (
                "A fresh process per event, over a copy of what `sam build` made, with the template's environment. "
                "Ready: with all imported and every client made. AWS, Genesys Cloud and receivers of webhooks are in "
                "another process, and answer what many wait for at the same time."
            ),
            (
                "Not as in Lambda: this machine's Python and boto3, no TLS, and a substitute for the runtime, which "
                "reads the event and writes the answer as Lambda's does."
            ),
        ),
    )


@contextmanager
def _built() -> Iterator[Build]:
    """Build, and copy the build, since anybody may build again meanwhile."""
    with tempfile.TemporaryDirectory(prefix="actionrelay-memory-") as name:
        folder = Path(name)
        tools = for_tools(os.environ, ROOT / ".tools" / "uv" / "bin")
        with built(Progress(Console(quiet=True)), tools, folder / "build.log"):
            shutil.copytree(artifacts(), folder / "build")
        yield Build(folder / "build", yaml.safe_load((folder / "build" / "template.yaml").read_text(encoding="utf-8")))


def _logical_id(function: str) -> str:
    return "".join(word.capitalize() for word in function.split("_")) + "Function"
