"""Every file in `events/` in a container: the real build, its layer included.

The first event of each function goes through `sam local invoke`, as the README has it; it takes seconds, as it starts
SAM CLI and a container. The others go to `sam local start-lambda`, whose containers stay.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.corpus import CASES, Case
from tests.sam.project import Project
from tests.sam.serving import serving

pytestmark = pytest.mark.sam

# SAM CLI authorises nobody, so there an event without a caller is taken (tests/unit/boundary/test_routes.py).
EVENTS = [case for case in CASES if case.name != "no_caller"]
FIRST = {case.function: case for case in reversed(EVENTS)}
_SECONDS = 120


@pytest.fixture(scope="module")
def functions(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the functions are invoked, as by the API of Lambda."""
    with serving(project, "start-lambda", tmp_path_factory.mktemp("start-lambda")) as url:
        yield f"{url}/2015-03-31/functions"


@pytest.mark.parametrize("case", FIRST.values(), ids=str)
def test_a_function_can_be_tried_with_sam_local_invoke(case: Case, project: Project, tmp_path: Path) -> None:
    response = project.invoke(case.logical_id, case.path, tmp_path)

    assert case.read(response) == case.today, response


@pytest.mark.parametrize("case", [case for case in EVENTS if case is not FIRST[case.function]], ids=str)
def test_the_event_leads_where_it_should(case: Case, functions: str) -> None:
    url, event = f"{functions}/{case.logical_id}/invocations", case.path.read_bytes()

    answer = urllib3.request("POST", url, body=event, timeout=_SECONDS, retries=False)

    response: dict[str, Any] = json.loads(answer.data)
    assert "errorType" not in response, response
    assert case.read(response) == case.today, response
