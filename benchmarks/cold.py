"""A cold start of each function, in a container with the part of a core that Lambda gives for its memory.

The runtime is Lambda's own, the files are the build's. What the runtime asks for its events, and what functions ask of
AWS, is answered at once by a server on this machine: it knows when the first event was asked for, and when it was
answered.
"""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

import yaml
from rich.console import Console

from benchmarks.bench import Bench
from benchmarks.results import Result
from benchmarks.sampling import Series
from benchmarks.serving import in_background
from local.world.build import artifacts, built
from local.world.environment import for_tools
from local.world.progress import Progress
from local.world.state import ROOT
from tests.fakes.deployment import ENVIRONMENT
from tests.sam.engine import IMAGE, why_not

FIRST_EVENTS = {
    "validate": "accepted",
    "execute": "unknown_execution",
    "receive_webhook": "completed",
    "deliver": "unknown_execution",
    "query": "execution_not_found",
    "workflows": "unknown_workflow",
    "decide": "decision_not_found",
    "catalogue": "part_of_an_ended_reading",
    "count": "executions",
    "export": "the_day_before",
    "preflight": "health",
}
"""Of each function an event that it answers where all tables are empty."""
_MB_OF_A_CORE = 1_769
"""With so much memory a function has one core (AWS, Lambda's developer guide, "memory")."""
_PATIENCE_SECONDS = 60
_RUNTIME = "/2018-06-01/runtime"
_ANSWERS: dict[str, Any] = {
    "Query": {"Items": [], "Count": 0, "ScannedCount": 0},
    "GetQueueAttributes": {
        "Attributes": {
            "ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
        }
    },
    "GetSecretValue": {"Name": "secret", "SecretString": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
}
"""Those that have to say something; the others are empty objects."""


class ColdStartError(Exception):
    """A function did not start, or did not answer as it does where all tables are empty."""


@dataclass(slots=True)
class _Start:
    """What is known of one start; times in seconds since the epoch."""

    event: bytes
    began_at: float = 0
    ready_at: float = 0
    answered_at: float = 0
    answer: Any = None
    answered: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Sample:
    init_ms: float
    answer_ms: float
    peak_mb: float


class _Server(ThreadingHTTPServer):
    """The runtime API of one function at a time, and AWS with nothing in it."""

    daemon_threads = True
    start: _Start


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Give the one event there is, and then none; in the bucket there is nothing."""
        start = self.server.start
        if self.path != f"{_RUNTIME}/invocation/next":
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>", {"Content-Type": "application/xml"})
        elif start.ready_at:
            start.over.wait(_PATIENCE_SECONDS)
        else:
            start.ready_at = time.time()
            deadline = {"Lambda-Runtime-Deadline-Ms": str(int((start.ready_at + _PATIENCE_SECONDS) * 1_000))}
            arn = {"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:f"}
            self._say(200, start.event, {"Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4())} | deadline | arn)

    def do_POST(self) -> None:
        """Take an answer, or be AWS."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self.path.startswith(_RUNTIME):
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            self._say(200, json.dumps(_ANSWERS.get(operation, {})).encode())
            return
        start = self.server.start
        start.answered_at = time.time()
        start.answer = json.loads(body)
        start.answered.set()
        self._say(202, b"")

    def do_PUT(self) -> None:
        """Take an object."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._say(200, b"", {"ETag": '"0"'})

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class _Function:
    """One function of a build."""

    name: str
    build: Path
    memory_mb: int

    @property
    def cores(self) -> float:
        """What Lambda gives it."""
        return min(round(self.memory_mb / _MB_OF_A_CORE, 2), 1.0)

    def sample(self, server: _Server) -> _Sample:
        """Start it once.

        Raises:
            ColdStartError: it gave no answer, or another one.
        """
        event = (ROOT / "events" / self.name / f"{FIRST_EVENTS[self.name]}.json").read_bytes()
        start = server.start = _Start(event)
        name = f"actionrelay-cold-{uuid.uuid4().hex}"
        with subprocess.Popen(self._command(name, server), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
            try:
                if run.stdout is None:
                    raise ColdStartError("docker has no output")
                first = run.stdout.readline().decode()
                threading.Thread(target=run.stdout.read, daemon=True).start()
                if not first.strip().isdigit() or not start.answered.wait(_PATIENCE_SECONDS):
                    raise ColdStartError(f"{self.name} gave no answer: {first}")
                _require_usual(self.name, start.answer)
                start.began_at = int(first) / 1e9
                status = _docker("exec", name, "cat", "/proc/1/status")
                peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
            finally:
                start.over.set()
                subprocess.run(["docker", "kill", name], capture_output=True, check=False)
        init, answer = start.ready_at - start.began_at, start.answered_at - start.ready_at
        return _Sample(init * 1_000, answer * 1_000, int(peak_kb) / 1_024)

    def _command(self, name: str, server: _Server) -> list[str]:
        here = f"127.0.0.1:{server.server_address[1]}"
        variables = ENVIRONMENT | {
            "AWS_LAMBDA_RUNTIME_API": here,
            "AWS_ENDPOINT_URL": f"http://{here}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "POWERTOOLS_METRICS_DISABLED": "true",
            "_HANDLER": "app.lambda_handler",
        }
        folder = "".join(word.capitalize() for word in self.name.split("_")) + "Function"
        return [
            *("docker", "run", "--rm", "--name", name, "--network", "host"),
            *("--cpus", str(self.cores), "--memory", f"{self.memory_mb}m"),
            *("--volume", f"{self.build / folder}:/var/task:ro", "--volume", f"{self.build / 'CoreLayer'}:/opt:ro"),
            *(part for variable in variables.items() for part in ("--env", "=".join(variable))),
            *("--entrypoint", "/bin/sh", IMAGE, "-c", "date +%s%N; exec /var/runtime/bootstrap"),
        ]


def run(bench: Bench) -> Result:
    """Start each function some times, in turns."""
    rounds = bench.scale(5, 2)
    missing = why_not()
    rows: list[tuple[str, ...]] = []
    if missing is None:
        steps = bench.progress("cold", rounds * len(FIRST_EVENTS))
        with _functions() as functions, in_background(_Server(("127.0.0.1", 0), _Answering)) as server:
            taken: dict[str, list[_Sample]] = {function.name: [] for function in functions}
            for _ in range(rounds):
                for function in functions:
                    taken[function.name].append(function.sample(server))
                    steps.advance()
        rows = [_row(function, taken[function.name]) for function in functions]
    return Result(
        name="cold",
        title=f"A cold start in a container, in ms (median of {rounds}, quartiles)",
        columns=("function", "MB", "of a core", "until ready", "the first answer", "both", "peak MB"),
        rows=tuple(rows),
        notes=(
            (
                "Lambda's runtime and the build, with the memory of the template and the part of a core that Lambda "
                "gives for it (a whole one for 1,769 MB). Lambda itself gives more while a function gets ready."
            ),
            (
                "Until ready: from the first process of the container until the runtime asks for an event, with all "
                "imported and every client made. Then the first answer; AWS answers at once and has nothing in its "
                "tables."
            ),
            "Peak MB: the most that the process had in memory up to then.",
            *((f"Not measured: {missing}.",) if missing else ()),
        ),
    )


@contextmanager
def _functions() -> Iterator[list[_Function]]:
    """Build, and copy the build, since anybody may build again meanwhile."""
    with tempfile.TemporaryDirectory(prefix="actionrelay-cold-") as name:
        folder = Path(name)
        tools = for_tools(os.environ, ROOT / ".tools" / "uv" / "bin")
        with built(Progress(Console(quiet=True)), tools, folder / "build.log"):
            shutil.copytree(artifacts(), folder / "build")
        template = yaml.safe_load((folder / "build" / "template.yaml").read_text(encoding="utf-8"))
        shared = template["Globals"]["Function"]["MemorySize"]

        def memory_mb(function: str) -> int:
            logical_id = "".join(word.capitalize() for word in function.split("_")) + "Function"
            return int(template["Resources"][logical_id]["Properties"].get("MemorySize", shared))

        yield [_Function(function, folder / "build", memory_mb(function)) for function in FIRST_EVENTS]


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def _require_usual(function: str, answer: Any) -> None:
    failed = answer.get("errorType") or answer.get("batchItemFailures") or answer.get("statusCode", 200) >= 500
    if failed:
        raise ColdStartError(f"{function} answered {answer}")


def _row(function: _Function, samples: list[_Sample]) -> tuple[str, ...]:
    init = Series(tuple(sample.init_ms for sample in samples))
    answer = Series(tuple(sample.answer_ms for sample in samples))
    both = Series(tuple(sample.init_ms + sample.answer_ms for sample in samples))
    peak = statistics.median(sample.peak_mb for sample in samples)
    shown = (init.shown(0), answer.shown(0), both.shown(0), f"{peak:.0f}")
    return (function.name, str(function.memory_mb), f"{function.cores:.2f}", *shown)
