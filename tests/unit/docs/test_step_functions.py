"""The state machines of the documents call existing routes; `tests/stack/test_step_functions.py` runs them."""

import json
import re
from typing import Any

from actionrelay.boundary.routes import ROUTES
from actionrelay.ledger.execution import ENDED
from tests.unit.docs.documents import ROOT

TEXT = (ROOT / "docs/step-functions.md").read_text(encoding="utf-8")
MACHINE, WITH_TOKEN = [
    json.loads(found) for found in re.findall(r"^```json$(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]
STATES: dict[str, Any] = MACHINE["States"]


def test_each_task_calls_a_route() -> None:
    calls = {
        (state["Parameters"]["Method"], state["Parameters"].get("Path") or state["Parameters"]["Path.$"])
        for state in STATES.values()
        if state["Type"] == "Task"
    }
    assert calls == {("POST", "/executions"), ("GET", "States.Format('/executions/{}', $.executionId)")}
    assert {("POST", "/executions"), ("GET", "/executions/{executionId}")} <= {
        (route.method, route.path) for route in ROUTES
    }


def test_every_end_of_an_execution_has_a_way_on() -> None:
    assert {choice["StringEquals"] for choice in STATES["Ended"]["Choices"]} == ENDED


def test_every_way_leads_to_a_state() -> None:
    ways = [state["Next"] for state in STATES.values() if "Next" in state]
    ways += [choice["Next"] for choice in STATES["Ended"]["Choices"]] + [MACHINE["StartAt"], STATES["Ended"]["Default"]]
    assert set(ways) == STATES.keys()


def test_the_task_with_a_token_gives_what_the_example_takes() -> None:
    [state] = WITH_TOKEN["States"].values()
    example = (ROOT / "examples/python/step_functions.py").read_text(encoding="utf-8")

    given = {name.removesuffix(".$") for name in state["Parameters"]["Payload"]}
    assert given == set(re.findall(r'event\["(token|actionId|inputs)"\]', example))
    assert state["Resource"].endswith("lambda:invoke.waitForTaskToken")
