"""Independent evidence: from the simulator, the webhook receiver, CloudWatch and SSM."""

from collections.abc import Sequence
from typing import Any

import boto3
import urllib3

from local.genesys.remote import RemoteSimulator
from local.world.deploy import STACK_NAME
from local.world.state import Stack

FUNCTIONS = ("validate", "execute", "receive-webhook", "deliver", "query", "count", "workflows")
"""As in the names of their log groups."""

RATE = 2_000
"""The demo deployment's `RequestsPerMinute`: high, so that the last step is short."""

TOKEN_PARAMETER = "/actionrelay/genesys/token"
"""The template's default."""

_HOOK = "caller"


class Witnesses:
    """Reads the evidence; its only change is the simulator's behaviour."""

    def __init__(self, stack: Stack) -> None:
        session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
        self.webhook_url = f"{stack.sink_url}/hooks/{_HOOK}"
        self._deliveries_url = f"{stack.sink_url}/_control/deliveries?name={_HOOK}"
        self._genesys = RemoteSimulator(stack.genesys_url)
        self._logs = session.client("logs", endpoint_url=stack.endpoint_url)
        self._ssm = session.client("ssm", endpoint_url=stack.endpoint_url)

    def slow_down(self, *, answer_ms: int, callback_ms: int) -> None:
        """Slow the simulator down, so that each status can be seen."""
        rules = {
            "latency": {"minMs": answer_ms, "maxMs": answer_ms},
            "callbacks": {"delayMs": callback_ms},
        }
        self._genesys.patch_scenario(rules)

    def refuse(self, execution_id: str) -> None:
        """Make the simulator refuse the next request for an execution."""
        self._genesys.script({"status": 400, "dialect": "legacy", "executionId": execution_id})

    def few_actions(self) -> None:
        """Give the simulator only a dozen actions, since each takes a request to read."""
        self._genesys.patch_scenario({"catalogue": {"plain": 0}})

    def hurry(self) -> None:
        """Make the simulator answer at once, at the demo's rate."""
        self._genesys.patch_scenario(
            {"mode": "completed", "latency": {"minMs": 0, "maxMs": 0}, "rate": {"allowed": RATE + 100}}
        )

    def asked(self) -> int:
        """Return the number of requests to run an action."""
        return int(self._genesys.counts()["executeRequests"])

    def ran(self, execution_id: str) -> int:
        """Return how many times this execution's action actually ran."""
        return int(self._genesys.counts()["runs"]["byExecutionId"].get(execution_id, 0))

    def ran_action(self, action_id: str) -> int:
        """Return how many times an action actually ran, over all executions."""
        return int(self._genesys.counts()["runs"]["byActionId"].get(action_id, 0))

    def token_requests(self) -> int:
        """Return the number of token requests."""
        return int(self._genesys.counts()["tokenRequests"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the webhooks that reached the caller, each with the verdict on its signature."""
        answer = urllib3.request("GET", self._deliveries_url, retries=False)
        listed: list[dict[str, Any]] = answer.json()["deliveries"]
        return listed

    def token_parameter(self) -> tuple[str, int]:
        """Return the type and the version of the shared token's parameter, without reading its value."""
        answer = self._ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [TOKEN_PARAMETER]}])
        (parameter,) = answer["Parameters"]
        return parameter["Type"], parameter["Version"]

    def log_lines(self, functions: Sequence[str] = FUNCTIONS) -> list[str]:
        """Return the log lines of these functions, function by function."""
        paginator = self._logs.get_paginator("filter_log_events")
        return [
            event["message"].rstrip("\n")
            for function in functions
            for page in paginator.paginate(logGroupName=f"/aws/lambda/{STACK_NAME}-{function}")
            for event in page["events"]
        ]
