"""One preflight a minute for all callers and workers, with a permit for each of its requests."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from actionrelay.errors import PreflightFailedError, StoreUnavailableError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.preflight.checks import Sight
from actionrelay.preflight.gated import GatedProbe
from actionrelay.preflight.ports import NoticeBoard, Posted
from actionrelay.preflight.shared import CLAIM_MS, FRESH_MS, STALE_MS, SharedPreflight
from actionrelay.preflight.shared_dynamodb import TableNoticeBoard
from actionrelay.preflight_check import Check, CheckStatus
from tests.fakes.aws import FakeDynamoDb
from tests.fakes.board import InMemoryBoard
from tests.fakes.genesys import ScriptedGate, ScriptedIssuer
from tests.fakes.preflight import Deployment

MOST_REQUESTS = 3


@dataclass(slots=True)
class Workers:
    """Workers of one deployment, each with its own memory, before one board."""

    deployment: Deployment
    board: NoticeBoard = field(default_factory=InMemoryBoard)

    def one(self) -> SharedPreflight:
        return SharedPreflight(self.deployment.preflight(), self.board, self.deployment.clock)


@pytest.fixture(params=list(GenesysApi))
def workers(request: pytest.FixtureRequest) -> Workers:
    issuer = ScriptedIssuer() if request.param is GenesysApi.DATA_ACTIONS else ScriptedIssuer(required_scopes=())
    return Workers(Deployment(api=request.param, issuer=issuer))


def test_a_hundred_looks_in_a_minute_are_one(workers: Workers) -> None:
    found: list[Any] = []
    for _ in range(100):
        found.append(workers.one().run())
        workers.deployment.clock.advance(FRESH_MS // 101)
    assert len(workers.deployment.platform.looks) <= MOST_REQUESTS
    assert workers.deployment.issuer.requests == 1
    assert all(each == found[0] for each in found)
    assert found[0]["checkedAt"] == "2026-11-24T12:00:00.000Z"


def test_a_minute_later_there_is_another_look(workers: Workers) -> None:
    workers.one().run()
    workers.deployment.clock.advance(FRESH_MS)
    workers.one().run()
    assert workers.deployment.issuer.requests == 2


def test_who_comes_during_the_first_look_does_not_look(workers: Workers) -> None:
    deployment = workers.deployment
    deployment.platform.hangs = threading.Event()
    with ThreadPoolExecutor() as threads:
        first = threads.submit(lambda: workers.one().run())
        while not deployment.platform.looks:  # the first one has claimed the look by then
            threading.Event().wait(0.001)
        others: list[Any] = [workers.one().run() for _ in range(20)]
        deployment.platform.hangs.set()
        first.result(5)
    assert len(deployment.platform.looks) <= MOST_REQUESTS
    assert {(each["status"], each["checkedAt"]) for each in others} == {("degraded", None)}
    assert "another preflight is running" in others[0]["checks"][0]["detail"]


def test_who_comes_during_a_later_look_gets_the_last_result(workers: Workers) -> None:
    last = workers.one().run()
    posted = workers.board.read()
    workers.deployment.clock.advance(FRESH_MS)
    claimed = Posted(posted.checks, posted.looked_at, workers.deployment.clock.now() + 1, posted.version + 1)
    assert workers.board.swap(posted, claimed)
    assert workers.one().run() == last


def test_a_worker_that_died_looking_is_replaced(workers: Workers) -> None:
    posted = workers.board.read()
    now = workers.deployment.clock.now()
    workers.board.swap(posted, Posted((), 0, now + CLAIM_MS, 1))
    assert workers.one().run()["checkedAt"] is None
    workers.deployment.clock.advance(CLAIM_MS)
    assert workers.one().run()["status"] == "ok"


def test_a_result_of_long_ago_answers_nobody(workers: Workers) -> None:
    workers.one().run()
    posted = workers.board.read()
    workers.deployment.clock.advance(STALE_MS)
    now = workers.deployment.clock.now()
    workers.board.swap(posted, Posted(posted.checks, posted.looked_at, now + 1, posted.version + 1))
    assert workers.one().run()["checkedAt"] is None


def test_a_failure_is_shared_too(workers: Workers) -> None:
    workers.deployment.platform.healthy = Sight(None, "NewConnectionError")
    for _ in range(5):
        with pytest.raises(PreflightFailedError):
            workers.one().run()
    assert workers.deployment.issuer.requests == 1


def test_without_a_board_each_worker_has_its_own_minute(workers: Workers) -> None:
    assert isinstance(workers.board, InMemoryBoard)
    for _ in range(10):
        workers.board.trouble.before("read", StoreUnavailableError("no"))
    worker = workers.one()
    for _ in range(10):
        assert worker.run()["status"] == "ok"
    assert workers.deployment.issuer.requests == 1


def test_the_table_keeps_what_was_posted() -> None:
    board = TableNoticeBoard(FakeDynamoDb(), "executions")  # type: ignore[arg-type]
    before = board.read()
    deployment = Deployment()
    after = Posted(deployment.preflight().look(), 17, 0, 1)
    assert board.swap(before, after)
    assert board.read() == after
    assert not board.swap(before, after), "somebody has posted since"


# -- Permits --


def gated(deployment: Deployment, gate: ScriptedGate) -> dict[str, Check]:
    probe = GatedProbe(deployment.platform, gate, deployment.clock)
    return {check.name: check for check in replace(deployment.preflight(), platform=probe).look()}


def test_each_request_takes_a_permit(workers: Workers) -> None:
    gate = ScriptedGate()
    gated(workers.deployment, gate)
    assert gate.taken == len(workers.deployment.platform.looks) > 0


def test_without_a_permit_nothing_goes_out(workers: Workers) -> None:
    gate = ScriptedGate(waits=deque([2_500] * 3))
    found = gated(workers.deployment, gate)
    assert workers.deployment.platform.looks == []
    assert (found["api"].status, found["clock"].status) == (CheckStatus.WARNING, CheckStatus.WARNING)
    assert found["api"].detail == "not checked, since the rate is used up for the next 3 s"
