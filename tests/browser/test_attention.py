"""What needs somebody: what is listed, what is advised, and what is said where a part of it can't be read."""

import re
import time
from typing import get_args

import pytest
from playwright.sync_api import expect

from actionrelay.operate.queues import QueueName
from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi
from tests.browser.sample import HOUR, quiet_day

DENIED = (403, "access_denied", "no")
ADVICE = {
    "executions": "the errors of execute",
    "bulk": "the errors of execute",
    "deliveries": "Redeliver what is listed above",
    "workflows": "the errors of workflows",
    "decisions": "the errors of decide",
    "catalogue": "the errors of catalogue",
}


def test_advice_for_dead_deliveries_loses_none_of_them(visit: Visit) -> None:
    console = visit(at="#/attention")

    advice = console.card("Dead-letter queues")
    expect(advice).to_contain_text(re.compile(r"Redrive the queue.*Redeliver what is listed above, then delete those"))
    expect(advice).to_contain_text("Never purge")
    expect(advice).to_contain_text("docs/runbook.md, “Deliveries that were given up”")


@pytest.mark.parametrize(("name", "advice"), ADVICE.items())
def test_dead_letters_of_any_queue_come_with_advice(visit: Visit, api: FakeApi, name: str, advice: str) -> None:
    api.day = quiet_day(time.time() * 1_000)
    api.day.dead[name] = 2
    console = visit(at="#/attention")

    row = console.card("Dead-letter queues").get_by_role("listitem")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(f"2 dead letters of {name}")
    expect(row).to_contain_text(advice)
    expect(row).to_contain_text("docs/runbook.md")


def test_every_queue_has_its_advice() -> None:
    assert ADVICE.keys() == set(get_args(QueueName.__value__))


def test_a_failure_of_today_is_listed_however_old_its_execution(visit: Visit, api: FakeApi) -> None:
    api.day = quiet_day(time.time() * 1_000)
    expired = api.day.opened(26 * HOUR).step("failed", 25 * HOUR)
    run_again = api.day.opened(50 * HOUR).step("failed", HOUR).step("rerun_requested", 24 * HOUR)
    run_again.step("failed", 24 * HOUR)
    old = api.day.opened(26 * HOUR).step("failed", HOUR)
    console = visit(at="#/attention")

    card = console.card("Failed in the last 24 hours")
    expect(card.get_by_role("link")).to_have_count(2)
    for trail in (expired, run_again):
        expect(card.get_by_title(trail.execution_id)).to_be_visible()
    expect(card.get_by_title(old.execution_id)).to_have_count(0)


def test_a_forbidden_part_leaves_the_others_working(visit: Visit, api: FakeApi) -> None:
    api.faults["queues"] = DENIED
    console = visit(signed_in=False, at="#/attention")
    console.page.clock.install()
    console.sign_in_with_key()

    expect(console.main).to_contain_text("Dead-letter queues: These credentials are known")
    expect(console.card("Unknown outcome").get_by_role("button", name=re.compile("^Resolve"))).to_have_count(3)
    expect(console.page.get_by_role("alert")).to_have_count(0)
    expect(console.page.get_by_role("link", name="Attention 4+ open")).to_be_visible()

    new = api.day.opened(1_000).step("attempt_started", 100).step("unknown", 300)
    console.page.clock.run_for(6_000)
    expect(console.button(f"Resolve {new.execution_id[:8]}")).to_be_visible()


def test_a_failed_part_is_not_reported_as_nothing_to_do(visit: Visit, api: FakeApi) -> None:
    api.day = quiet_day(time.time() * 1_000)
    api.faults["attention"] = (503, "store_unavailable", "the table did not answer")
    console = visit(at="#/attention")

    expect(console.main).to_contain_text("Executions: the table did not answer")
    expect(console.main).not_to_contain_text("Nothing needs you")


def test_a_failed_look_around_does_not_disturb_the_view(visit: Visit, api: FakeApi) -> None:
    for part in ("queues", "attention"):
        api.faults[part] = DENIED
    console = visit(at="#/executions")

    expect(console.rows()).to_have_count(50)
    expect(console.page.get_by_text(re.compile(r"^Updated"))).to_be_visible()
    expect(console.page.get_by_role("alert")).to_have_count(0)
    assert any(each == "GET /queues" for each in api.asked)
