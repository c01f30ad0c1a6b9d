"""Cold import: what a function needs until its first event can be worked on, against `import boto3` with its clients.

A sample is a fresh interpreter that times itself from its first import on; the start of Python is in neither side.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.results import TIMES, Result, Target
from benchmarks.samples import RECEIPT_URL
from benchmarks.sampling import Series, in_turns
from local.world.state import ROOT

WIRED = {
    "execute": "execute_action",
    "validate": "submit_execution",
    "receive_webhook": "receive_result",
    "deliver": "deliver_webhook",
    "query": "read_executions",
}
"""Each function with what its handler asks `wiring` for at the first event."""

EXECUTE_LIMIT = 1.25

_FUNCTION = """\
import time; begun = time.perf_counter()
import app
from actionrelay.wiring import functions as wiring
wired = wiring.{wired}()
seconds = time.perf_counter() - begun
import json
made = sorted(name for name in vars(wiring.aws()) if name != "session")
print(json.dumps([seconds, [getattr(wiring.aws(), name).meta.service_model.service_name for name in made]]))
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
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "actionrelay",
    "POWERTOOLS_METRICS_NAMESPACE": "actionrelay",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "EXECUTIONS_TABLE": "executions",
    "AUDIT_TABLE": "audit",
    "PAYLOAD_BUCKET": "payloads",
    "EXECUTION_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/executions",
    "DELIVERY_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/deliveries",
    "GENESYS_API": "data-actions",
    "GENESYS_API_URL": "",
    "GENESYS_LOGIN_URL": "",
    "GENESYS_REGION": "mypurecloud.com",
    "GENESYS_SECRET_NAME": "actionrelay/genesys",
    "TOKEN_PARAMETER_NAME": "/actionrelay/token",
    "WEBHOOK_SECRET_NAME": "actionrelay/webhook",
    "WEBHOOK_SCHEME": "standard-webhooks",
    "EXECUTION_DLQ_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/executions-dlq",
    "DELIVERY_DLQ_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/deliveries-dlq",
    "DELIVERY_SECRET_NAME": "actionrelay/delivery",
    "API_BASE_URL": RECEIPT_URL.removesuffix("/webhooks/genesys"),
    "API_ID": "example",
    "REQUESTS_PER_MINUTE": "270",
    "API_AUTH": "AWS_IAM",
    "MAX_ATTEMPTS": "4",
    "RESULT_CACHE_SECONDS": "300",
    "WEBHOOK_GRACE_SECONDS": "60",
    "MAX_PAYLOAD_BYTES": "512000",
    "MAX_INPUT_DEPTH": "5",
    "WEBHOOK_PORTS": "443",
    "ALLOW_PRIVATE_WEBHOOKS": "false",
    "EXECUTION_RETENTION_DAYS": "30",
    "AUDIT_RETENTION_DAYS": "365",
}


@dataclass(frozen=True, slots=True)
class _Interpreter:
    """Runs one program in a fresh interpreter, in the folder of one function."""

    program: str
    function: str

    def run(self) -> tuple[float, tuple[str, ...]]:
        """Return the milliseconds that it took, and the services that it has clients of."""
        folder = ROOT / "functions" / self.function
        done = subprocess.run(
            [sys.executable, "-c", self.program],
            cwd=folder,
            env=_ENVIRONMENT | {"PYTHONPATH": str(folder)},
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
    """Measure all five functions; `execute` has the target."""
    rounds = bench.scale(9, 3)
    steps = bench.progress("imports", rounds * len(WIRED))
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    for function, wired in WIRED.items():
        ours = _Interpreter(_FUNCTION.format(wired=wired), function)
        services = ours.run()[1]
        peer = _Interpreter(_PEER.format(services=list(services)), function)
        libraries = _Interpreter(_FLOOR, function)
        sides = {"ours": ours.milliseconds, "boto3": peer.milliseconds, "libraries": libraries.milliseconds}
        taken = in_turns(sides, rounds, steps.advance)
        rows.append(_row(function, services, taken))
        if function == "execute":
            ratio = taken["ours"].median / taken["boto3"].median
            targets.append(Target("import of execute over boto3 with the same clients", ratio, EXECUTE_LIMIT))
    return Result(
        name="imports",
        title=f"Cold import, clients made, in ms (median of {rounds}, quartiles)",
        columns=("function", "clients", "function", "boto3 alone", "ratio", "powertools, pydantic, urllib3 alone"),
        rows=tuple(rows),
        targets=tuple(targets),
        notes=(
            "A fresh interpreter per sample; bytecode is there, as it is in a layer that was built with it.",
            (
                "The last column is a floor for what the package adds: its libraries, without boto3 and without the "
                "package. Some of what they import is what boto3 imports, so columns don't add up."
            ),
        ),
    )


def _row(function: str, services: tuple[str, ...], taken: dict[str, Series]) -> tuple[str, ...]:
    ours, peer = taken["ours"], taken["boto3"]
    ratio = f"{ours.median / peer.median:.2f} {TIMES}"
    return (function, ", ".join(services), ours.shown(0), peer.shown(0), ratio, taken["libraries"].shown(0))
