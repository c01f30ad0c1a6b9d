"""An AWS account and a Genesys Cloud without a deployment: emulator, simulator, and worker processes of `execute`.

For what needs many processes at once. Each is a fresh interpreter with the function's environment, which the test
starts and ends itself; nothing is built or deployed.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from local.genesys.remote import RemoteSimulator
from local.world import emulator
from local.world.emulator import Account
from local.world.environment import REGION, for_servers
from local.world.ports import answers_http, free_port, wait_until
from local.world.processes import is_running, spawn, stop
from local.world.state import ROOT
from tests.fakes.deployment import ENVIRONMENT

TABLE, AUDIT, BUCKET, PARAMETER, SECRET = "executions", "audit", "payloads", "/actionrelay/token", "genesys"
_START_SECONDS = 180.0


@dataclass(slots=True)
class Cloud:
    """One account with the resources of `execute`, and its Genesys Cloud."""

    folder: Path
    account: Account
    genesys: RemoteSimulator
    queue_urls: Mapping[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def of(cls, folder: Path) -> Iterator[Self]:
        """Start both, create the resources, and stop everything at the end."""
        servers = []
        try:
            for name, command, settings, probe in (
                ("emulator", emulator.COMMAND, emulator.settings, emulator.health_url),
                (
                    "genesys",
                    (sys.executable, "-m", "local.genesys", "--mode", "completed"),
                    _nothing,
                    _simulator_health,
                ),
            ):
                port = free_port()
                url = f"http://127.0.0.1:{port}"
                arguments = () if name == "emulator" else ("--port", str(port))
                environment = for_servers(os.environ, folder, folder) | settings(port) | {"PYTHONPATH": str(ROOT)}
                server = spawn(name, [*command, *arguments], environment=environment, log=folder / f"{name}.log")
                servers.append((server, url, probe(url)))
            for server, _, health in servers:
                assert wait_until(
                    lambda health=health: answers_http(health),  # type: ignore[misc]
                    alive=lambda server=server: is_running(server),  # type: ignore[misc]
                    seconds=_START_SECONDS,
                ), (folder / f"{server.name}.log").read_text()
            (_, endpoint, _), (_, genesys_url, _) = servers
            account = emulator.create_administrator(endpoint)
            with RemoteSimulator(genesys_url) as genesys:
                cloud = cls(folder, account, genesys, _resources(account))
                try:
                    yield cloud
                finally:
                    cloud.end_workers()
        finally:
            stop([server for server, _, _ in servers], world=folder)

    def aws(self, service: str) -> Any:
        """Return a client with an administrator's rights."""
        return self.account.session().client(service, endpoint_url=self.account.endpoint)  # type: ignore[call-overload]

    def lease(self) -> Mapping[str, Any] | None:
        """The item of the token's lease."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("token#")]
        return found[0] if found else None

    # -- Workers ------------------------------------------------------------------------------------------------

    def workers(self, count: int, *arguments: str) -> "Workers":
        """Start cold workers, which wait until they are released."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        environment = for_servers(os.environ, self.folder, self.folder) | ENVIRONMENT | self._environment()
        processes = []
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.stack.token_worker", str(folder), *arguments],
                cwd=ROOT,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.append(process)
            self.started.append(process)
        return Workers(folder, processes)

    def end_workers(self) -> None:
        """Stop every remaining worker."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.account.endpoint,
            "AWS_ACCESS_KEY_ID": self.account.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.account.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "EXECUTIONS_TABLE": TABLE,
            "AUDIT_TABLE": AUDIT,
            "PAYLOAD_BUCKET": BUCKET,
            "TOKEN_PARAMETER_NAME": PARAMETER,
            "GENESYS_SECRET_NAME": SECRET,
            "GENESYS_API_URL": self.genesys.url,
            "GENESYS_LOGIN_URL": self.genesys.url,
            "REQUESTS_PER_MINUTE": "60000",
            "BULK_SHARE_PERCENT": "20",
            "MAX_IN_FLIGHT": "1000",
            **self.queue_urls,
        }


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers that were started together. Each writes a file when it is ready, and prints its results."""

    folder: Path
    processes: list[subprocess.Popen[str]]

    def ready(self) -> dict[str, int]:
        """Wait until each has its clients; return their pids by the names under which they take leases."""
        eventually(lambda: len(list(self.folder.glob("ready-*"))) == len(self.processes), self._alive)
        return {file.read_text(): int(file.name.removeprefix("ready-")) for file in self.folder.glob("ready-*")}

    def go(self) -> None:
        """Release all of them at once."""
        (self.folder / "go").touch()

    def stop(self) -> None:
        """Stop the workers that run until they are stopped."""
        (self.folder / "stop").touch()

    def kill(self, pid: int) -> None:
        """Kill one with SIGKILL."""
        [process] = [process for process in self.processes if process.pid == pid]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.processes.remove(process)

    def printed(self) -> list[dict[str, Any]]:
        """Wait until all have ended; return the last line of each."""
        printed = []
        for process in self.processes:
            output, _ = process.communicate(timeout=90)
            assert process.returncode == 0, output
            printed.append(json.loads(output.splitlines()[-1]))
        return printed

    def _alive(self) -> bool:
        return all(process.poll() is None for process in self.processes)


def eventually[Thing](
    look: Callable[[], Thing | None], alive: Callable[[], bool] = lambda: True, seconds: float = _START_SECONDS
) -> Thing:
    """Poll until the result is truthy, and return it."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and alive():
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not seen within {seconds} s")


def _nothing(_port: int) -> dict[str, str]:
    return {}


def _simulator_health(url: str) -> str:
    return f"{url}/_control/health"


def _resources(account: Account) -> dict[str, str]:
    """Create the template's resources; return the queues by the names of their variables."""
    session = account.session()
    dynamodb = session.client("dynamodb", endpoint_url=account.endpoint)
    for table, keys in ((TABLE, {"pk": "S", "sk": "S"}), (AUDIT, {"executionId": "S", "seq": "N"})):
        partition, sort = keys
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys.items()],  # type: ignore[typeddict-item]
            KeySchema=[
                {"AttributeName": partition, "KeyType": "HASH"},
                {"AttributeName": sort, "KeyType": "RANGE"},
            ],
        )
    session.client("s3", endpoint_url=account.endpoint).create_bucket(Bucket=BUCKET)
    client = {"clientId": "local-client", "clientSecret": "local-secret"}
    session.client("secretsmanager", endpoint_url=account.endpoint).create_secret(
        Name=SECRET, SecretString=json.dumps(client)
    )
    sqs = session.client("sqs", endpoint_url=account.endpoint)
    return {
        f"{name.upper()}_QUEUE_URL": sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "540"})[
            "QueueUrl"
        ]
        for name in ("execution", "bulk", "delivery")
    }


def forget(cloud: Cloud) -> None:
    """Delete the shared token and its lease, as before a deployment's first token."""
    ssm = cloud.aws("ssm")
    with contextlib.suppress(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name=PARAMETER)
    if item := cloud.lease():
        cloud.aws("dynamodb").delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
