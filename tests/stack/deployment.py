"""Operations of the stack tests on a deployment."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import boto3
import urllib3

from local.api import Answer, ApiClient
from local.genesys.remote import RemoteSimulator
from local.world.processes import running, start_mark
from local.world.state import Stack

ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"
PUBLISHED_ACTION = f"custom_-_{ACTION}"
ENDED = {"completed", "failed", "unknown", "cancelled"}
PATIENCE_SECONDS = 90.0
ANSWER_SECONDS = 90.0
"""Twenty concurrent requests start twenty workers, which share this machine's cores."""
TOKEN_PARAMETER = "/actionrelay/genesys/token"


class TooSlowError(AssertionError):
    """An expected event did not happen in time."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One world: a caller of its API, and the controls of simulator, sink and emulator."""

    stack: Stack
    api: ApiClient
    genesys: RemoteSimulator
    session: boto3.Session
    http: urllib3.PoolManager
    baseline: dict[str, Any]
    """The world's initial scenario: its client and its secrets."""

    @classmethod
    @contextmanager
    def of(cls, stack: Stack) -> Iterator[Self]:
        session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
        http = urllib3.PoolManager(retries=False, timeout=ANSWER_SECONDS)
        with ApiClient(stack, ANSWER_SECONDS) as api, RemoteSimulator(stack.genesys_url) as genesys:
            baseline = genesys.call("GET", "/_control/scenario").json()
            yield cls(stack, api, genesys, session, http, baseline)
        http.clear()

    def aws(self, service: str) -> Any:
        """Return a client of the emulator with an administrator's rights."""
        return self.session.client(service, endpoint_url=self.stack.endpoint_url)  # type: ignore[call-overload]

    def calm_down(self) -> None:
        """Reset every scenario, script and delivery."""
        self.genesys.put_scenario({**self.baseline, "rate": {"enabled": False}})
        self.genesys.call("DELETE", "/_control/script")
        self.http.request("POST", f"{self.stack.sink_url}/_control/reset")

    # -- Requests -----------------------------------------------------------------------------------------------

    def request(self, **fields: Any) -> dict[str, Any]:
        """Return a valid, unique request, so that no cache entry answers it."""
        return {"actionId": ACTION, "inputs": {"order": str(uuid.uuid4())}, "executionId": str(uuid.uuid4()), **fields}

    def submit(self, **fields: Any) -> Answer:
        """Submit such a request."""
        return self.api.submit(self.request(**fields))

    def run(self, *, patience: float = PATIENCE_SECONDS, **fields: Any) -> dict[str, Any]:
        """Submit such a request and wait for its end."""
        answer = self.submit(**fields)
        assert answer.status == 202, answer.body
        return self.ended(answer.document["executionId"], patience=patience)

    def ended(self, execution_id: str, *, patience: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until an execution has ended."""
        return self.when(execution_id, lambda execution: execution["status"] in ENDED, patience=patience)

    def when(
        self, execution_id: str, reached: Callable[[dict[str, Any]], bool], *, patience: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """Wait until an execution matches."""

        def look() -> dict[str, Any] | None:
            execution: dict[str, Any] = self.api.execution(execution_id).document
            return execution if reached(execution) else None

        return self.eventually(look, patience=patience)

    def eventually[Thing](self, look: Callable[[], Thing | None], *, patience: float = PATIENCE_SECONDS) -> Thing:
        """Poll until the result is truthy, and return it."""
        ends = time.monotonic() + patience
        while time.monotonic() < ends:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise TooSlowError(f"not seen within {patience} s")

    def history(self, execution_id: str) -> list[dict[str, Any]]:
        """Return an execution's audit entries."""
        entries: list[dict[str, Any]] = self.api.audit(execution_id).document["entries"]
        return entries

    def metrics(self, **query: str) -> dict[str, Any]:
        """Return `GET /metrics`."""
        answer = self.api.call("GET", f"/metrics?{urlencode(query)}" if query else "/metrics")
        assert answer.status == 200, answer.document
        document: dict[str, Any] = answer.document
        return document

    def invoke(self, logical_id: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function with an event, and return its response."""
        name = self.function(logical_id)["FunctionName"]
        answer = self.aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        returned: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, returned
        return returned

    def preflight(self) -> Answer:
        """Run the preflight, without the shared result of the last minute."""
        self.forget_preflight()
        return self.api.call("GET", "/health?deep=true")

    # -- The caller's webhook -----------------------------------------------------------------------------------

    def hook(self) -> tuple[str, str]:
        """Return the name and the URL of a new receiver."""
        name = uuid.uuid4().hex
        return name, f"{self.stack.sink_url}/hooks/{name}"

    def behave(self, name: str, **behaviour: Any) -> None:
        """Set how a receiver answers."""
        url = f"{self.stack.sink_url}/_control/behaviour/{name}"
        assert self.http.request("PUT", url, json=behaviour).status == 200

    def deliveries(self, name: str) -> list[dict[str, Any]]:
        """Return the webhooks that a receiver got."""
        url = f"{self.stack.sink_url}/_control/deliveries"
        found: list[dict[str, Any]] = self.http.request("GET", url, fields={"name": name}).json()["deliveries"]
        return found

    def dead_letter(self, execution_id: str, *, patience: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until the delivery of an execution is in the dead-letter queue; its message stays there."""
        sqs, url = self.aws("sqs"), self.stack.outputs["DeliveryDlqUrl"]

        def look() -> dict[str, Any] | None:
            received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
            bodies: list[dict[str, Any]] = [json.loads(message["Body"]) for message in received.get("Messages", ())]
            return next((body for body in bodies if body["executionId"] == execution_id), None)

        return self.eventually(look, patience=patience)

    # -- Genesys Cloud's webhook --------------------------------------------------------------------------------

    def report(self, document: dict[str, Any] | bytes, **headers: str) -> Answer:
        """Send a result as Genesys Cloud does, signed unless `headers` are given."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        signed = {**self.signature(body), **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.post_unsigned("/webhooks/genesys", body, signed)

    def signature(self, body: bytes, webhook_id: str | None = None) -> dict[str, str]:
        """Return the three headers of Standard Webhooks, with a new id unless one is given."""
        webhook_id, timestamp = webhook_id or f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        key = self.webhook_key()
        mac = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        }

    def webhook_key(self) -> bytes:
        """Genesys Cloud's signing key, for either scheme."""
        return base64.b64decode(self.stack.webhook_secret.removeprefix("whsec_"))

    def post_unsigned(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        """Post without any AWS credentials."""
        answer = self.http.request(
            "POST",
            self.stack.api_url + path,
            body=body,
            headers={"Content-Type": "application/json", **(headers or {})},
        )
        received = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, received, answer.data, 0.0)

    # -- Functions ----------------------------------------------------------------------------------------------

    def role(self, function: str) -> str:
        """Return the name of a function's role, by the function's folder."""
        iam = self.aws("iam")
        for role in iam.list_roles()["Roles"]:
            if function in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                return str(role["RoleName"])
        raise AssertionError(f"no role of {function}")

    def forget_token(self) -> None:
        """Delete the shared token, if there is one."""
        client = self.aws("ssm")
        with contextlib.suppress(client.exceptions.ParameterNotFound):
            client.delete_parameter(Name=TOKEN_PARAMETER)

    def forget_preflight(self) -> None:
        """Delete the preflight's shared result, if there is one."""
        self.aws("dynamodb").delete_item(
            TableName=self.stack.outputs["ExecutionsTableName"],
            Key={"pk": {"S": "preflight#shared"}, "sk": {"S": "result"}},
        )

    def shares_a_token(self) -> bool:
        """Return whether there is a shared token."""
        return any(each["Name"] == TOKEN_PARAMETER for each in self.aws("ssm").describe_parameters()["Parameters"])

    def resource(self, logical_id: str) -> str:
        """Return the physical id of a resource of the stack."""
        stacks = self.aws("cloudformation")
        [stack] = [each for each in stacks.describe_stacks()["Stacks"] if "ApiUrl" in json.dumps(each["Outputs"])]
        resource = stacks.describe_stack_resource(StackName=stack["StackName"], LogicalResourceId=logical_id)
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def function(self, logical_id: str) -> dict[str, Any]:
        """Return the configuration of a function of the stack."""
        name = self.resource(logical_id)
        configuration: dict[str, Any] = self.aws("lambda").get_function_configuration(FunctionName=name)
        return configuration

    def make_cold(self, logical_id: str) -> int:
        """Kill a function's workers, and so their memory, with SIGKILL; return how many there were."""
        # The functions of another world have the same names.
        mark = f"{self._temporary()}/ministack-lambda-{self.function(logical_id)['FunctionName']}-"
        killed = running(mark)
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # The emulator starts another one in the place of a worker that has ended, and hands requests to any other.
        self.eventually(lambda: all(map(_has_ended, killed)))
        return len(killed)

    def _temporary(self) -> str:
        """The folder in which this world's emulator unpacks functions."""
        variables = Path(f"/proc/{self.stack.pids[-1]}/environ").read_text(encoding="utf-8").split("\0")
        return next(each for each in variables if each.startswith("TMPDIR=")).removeprefix("TMPDIR=")

    def logs(self, beginning: str = "/") -> str:
        """Return all log lines of the functions and the API, or of the groups with this prefix."""
        client = self.aws("logs")
        groups = [
            group["logGroupName"] for group in client.describe_log_groups(logGroupNamePrefix=beginning)["logGroups"]
        ]
        lines: list[str] = []
        for group in groups:
            for page in client.get_paginator("filter_log_events").paginate(logGroupName=group):
                lines.extend(event["message"] for event in page["events"])
        return "\n".join(lines)


def _has_ended(pid: int) -> bool:
    """Return whether a process has fully ended, so that its parent can see it."""
    threads = Path(f"/proc/{pid}/task")
    try:
        return start_mark(pid) is None and len(list(threads.iterdir())) == 1
    except FileNotFoundError:
        return True
