"""Every file in `events/` through `sam local invoke`: the real build, its layer included, in a container."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.corpus import CASES, Case
from tests.sam.project import Project

pytestmark = pytest.mark.sam

# An invocation takes seconds and waits for most of them, so several run at once; more than this only queue up.
_AT_ONCE = min(4, os.process_cpu_count() or 1)

type Answers = dict[Case, Future[dict[str, Any]]]


@pytest.fixture(scope="module")
def answers(
    project: Project, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answers]:
    """The invocations of all the cases that this run has chosen, under way."""
    scratch = tmp_path_factory.mktemp("invocations")
    here = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    chosen = [case for item in here if isinstance(case := item.callspec.params["case"], Case)]
    with ThreadPoolExecutor(_AT_ONCE) as runners:
        yield {
            case: runners.submit(project.invoke, case.logical_id, case.path, scratch / case.function / case.name)
            for case in chosen
        }
        runners.shutdown(cancel_futures=True)


# SAM CLI authorises nobody, so there an event without a caller is taken (tests/unit/boundary/test_routes.py).
@pytest.mark.parametrize("case", [case for case in CASES if case.name != "no_caller"], ids=str)
def test_the_event_leads_where_it_should(case: Case, answers: Answers) -> None:
    response = answers[case].result()

    assert case.read(response) == case.today, response
