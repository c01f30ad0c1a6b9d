"""One shared token, with real processes: cold ones, one that is killed, and a token that is revoked under load."""

import json
import time
from collections.abc import Iterator

import pytest

from actionrelay.token.lease import LEASE_MS
from actionrelay.token.ports import AccessToken
from actionrelay.token.store_ssm import TokenParameter
from tests.stack.cloud import PARAMETER, Cloud, eventually, forget

EXECUTIONS, WORKERS = 200, 4
READ = "ssm:GetParameter"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One cloud for all tests of this module."""
    with Cloud.of(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def cloud(running: Cloud) -> Cloud:
    """The cloud before its first token."""
    running.genesys.reset(tokens=True)
    running.genesys.put_scenario({"mode": "completed", "rate": {"enabled": False}})
    forget(running)
    return running


def test_fifty_cold_processes_make_one_token_request(
    cloud: Cloud,
) -> None:
    expired = AccessToken("expired", 1, (), "somebody", "expired")
    assert TokenParameter(cloud.aws("ssm"), PARAMETER).write(expired)
    workers = cloud.workers(50)
    workers.ready()

    workers.go()
    printed = workers.printed()

    assert cloud.genesys.counts()["tokenRequests"] == 1
    assert len({each["version"] for each in printed}) == 1
    assert [each["calls"][READ] for each in printed] == [1] * 50
    assert sum(each["calls"].get("ssm:PutParameter", 0) for each in printed) == 1


def test_a_killed_leaseholder_is_replaced_by_one_other(cloud: Cloud) -> None:
    cloud.genesys.script({"on": "token", "delayMs": 60_000})
    workers = cloud.workers(6)
    names = workers.ready()
    workers.go()
    eventually(lambda: cloud.genesys.counts()["tokenRequests"] == 1)
    lease = cloud.lease()
    assert lease is not None

    workers.kill(names[lease["holder"]["S"]])
    killed_at = time.monotonic()
    printed = workers.printed()

    assert time.monotonic() - killed_at < 2 * LEASE_MS / 1_000, "it did not take much longer than the lease"
    assert cloud.genesys.counts()["tokenRequests"] == 2
    assert len({each["version"] for each in printed}) == 1
    assert [each["calls"][READ] for each in printed] == [1] * 5


def test_a_token_revoked_under_load_is_refreshed_once(
    cloud: Cloud,
) -> None:
    workers = cloud.workers(WORKERS, str(EXECUTIONS // WORKERS))
    workers.ready()
    workers.go()
    eventually(lambda: cloud.genesys.runs() >= EXECUTIONS // 3)
    before = cloud.genesys.counts()

    assert cloud.genesys.revoke_tokens() == 1
    eventually(lambda: cloud.genesys.runs() >= EXECUTIONS)
    after = cloud.genesys.counts()
    workers.stop()
    printed = workers.printed()

    assert (before["tokenRequests"], after["tokenRequests"]) == (1, 2)
    assert before["runs"]["total"] < EXECUTIONS, "it was in the middle"
    assert after["unauthorized"] > 0
    assert set(after["runs"]["byExecutionId"].values()) == {1}
    assert [status for each in printed for status in each["statuses"]] == ["completed"] * EXECUTIONS


def test_an_oversized_token_is_shared_and_replaced(
    cloud: Cloud,
) -> None:
    store = TokenParameter(cloud.aws("ssm"), PARAMETER)
    for size in (100, 6_000, 7_900, 100):
        token = AccessToken("x" * size, 1, ("data:action:execute",), "issuer", f"v{size}")
        assert store.write(token)
        assert store.read() == token
    assert not store.write(AccessToken("x" * 8_192, 1, (), "issuer", "v"))
    assert json.loads(cloud.aws("ssm").get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]["Value"])
