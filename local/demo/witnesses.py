"""What others saw: Genesys Cloud, the receiver of the caller's webhook, CloudWatch and SSM."""

from collections.abc import Sequence
from typing import Any

import boto3
import urllib3

from local.genesys.remote import RemoteSimulator
from local.world.deploy import STACK_NAME
from local.world.state import Stack

FUNCTIONS = ("validate", "execute", "receive-webhook", "deliver", "query", "count", "workflows")
"""As their log groups are named."""

RATE = 2_000
"""How many requests a minute the demo's deployment sends at most, so that its last step is soon over."""

TOKEN_PARAMETER = "/actionrelay/genesys/token"
"""The template's default."""

_HOOK = "caller"


class Witnesses:
    """Reads, and changes nothing, but how slow Genesys Cloud is."""

    def __init__(self, stack: Stack) -> None:
        session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
        self.webhook_url = f"{stack.sink_url}/hooks/{_HOOK}"
        self._deliveries_url = f"{stack.sink_url}/_control/deliveries?name={_HOOK}"
        self._genesys = RemoteSimulator(stack.genesys_url)
        self._logs = session.client("logs", endpoint_url=stack.endpoint_url)
        self._ssm = session.client("ssm", endpoint_url=stack.endpoint_url)

    def slow_down(self, *, answer_ms: int, callback_ms: int) -> None:
        """Give Genesys Cloud the time that an action takes there, so that a reader can see the states."""
        rules = {
            "latency": {"minMs": answer_ms, "maxMs": answer_ms},
            "callbacks": {"delayMs": callback_ms},
        }
        self._genesys.patch_scenario(rules)

    def refuse(self, execution_id: str) -> None:
        """Let Genesys Cloud refuse the next request for an execution."""
        self._genesys.script({"status": 400, "dialect": "legacy", "executionId": execution_id})

    def few_actions(self) -> None:
        """Let Genesys Cloud have a dozen actions: each takes a request to read."""
        self._genesys.patch_scenario({"catalogue": {"plain": 0}})

    def hurry(self) -> None:
        """Let Genesys Cloud answer at once, and as often as this deployment may ask."""
        self._genesys.patch_scenario(
            {"mode": "completed", "latency": {"minMs": 0, "maxMs": 0}, "rate": {"allowed": RATE + 100}}
        )

    def asked(self) -> int:
        """Return how many times Genesys Cloud was asked to run an action."""
        return int(self._genesys.counts()["executeRequests"])

    def ran(self, execution_id: str) -> int:
        """Return how many times the action of this execution really ran."""
        return int(self._genesys.counts()["runs"]["byExecutionId"].get(execution_id, 0))

    def ran_action(self, action_id: str) -> int:
        """Return how many times an action really ran, for whatever execution."""
        return int(self._genesys.counts()["runs"]["byActionId"].get(action_id, 0))

    def token_requests(self) -> int:
        """Return how many times Genesys Cloud was asked for a token."""
        return int(self._genesys.counts()["tokenRequests"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the webhooks that reached the caller, each with the verdict on its signature."""
        answer = urllib3.request("GET", self._deliveries_url, retries=False)
        listed: list[dict[str, Any]] = answer.json()["deliveries"]
        return listed

    def token_parameter(self) -> tuple[str, int]:
        """Return the type and the version of the shared token's parameter. Its value is not asked for."""
        answer = self._ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [TOKEN_PARAMETER]}])
        (parameter,) = answer["Parameters"]
        return parameter["Type"], parameter["Version"]

    def log_lines(self, functions: Sequence[str] = FUNCTIONS) -> list[str]:
        """Return what these functions have written to their log groups, line by line, function by function."""
        paginator = self._logs.get_paginator("filter_log_events")
        return [
            event["message"].rstrip("\n")
            for function in functions
            for page in paginator.paginate(logGroupName=f"/aws/lambda/{STACK_NAME}-{function}")
            for event in page["events"]
        ]
