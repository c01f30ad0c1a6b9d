"""Three incidents from the alarm's page to their end: how often their reader has to press something."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.console import HEIGHTS, Console
from tests.browser.fake_api import FakeApi
from tests.browser.sample import HOUR

MOST_PRESSES = 6
each_width = pytest.mark.parametrize("width", HEIGHTS)


def _alarmed(visit: Visit, width: int) -> tuple[Console, Callable[[], int]]:
    """Open the page that an alarm's section of the runbook names; what is pressed from there on is counted."""
    console = visit(width=width, at="#/attention")
    expect(console.heading("Needs attention")).to_be_visible()
    page: Page = console.page
    page.evaluate("""() => {
        window.presses = 0;
        addEventListener("pointerdown", () => { window.presses += 1; }, true);
    }""")
    return console, lambda: int(page.evaluate("window.presses"))


@each_width
def test_an_unknown_is_decided_with_the_customer_in_view(visit: Visit, api: FakeApi, width: int) -> None:
    trail = next(each for each in api.day.newest() if each.status == "unknown")
    console, presses = _alarmed(visit, width)
    dialog = console.page.get_by_role("dialog")

    console.button(f"Resolve {trail.execution_id[:8]}").click()
    dialog.get_by_text("Show the request").click()
    expect(dialog.get_by_label("Inputs as JSON")).to_contain_text("cust_998877")
    dialog.get_by_role("radio", name="completed").click()
    dialog.get_by_label("How this is known").click()
    console.page.keyboard.type("the CRM has the order of cust_998877")
    console.button("Put on record").click()

    expect(console.page.locator(".toast")).to_contain_text("is resolved.")
    assert trail.status == "completed"
    assert 0 < presses() <= MOST_PRESSES


@each_width
def test_fifty_failed_over_an_outage_are_retried_together(visit: Visit, api: FakeApi, width: int) -> None:
    failed = [api.day.opened(HOUR + at * 1_000).step("attempt_started", 200).step("failed", 300) for at in range(50)]
    for trail in failed:
        trail.broke("http_503", "Genesys Cloud is not there")
    console, presses = _alarmed(visit, width)

    console.page.get_by_role("link", name=re.compile("^50 . http_503$")).click()
    expect(console.rows()).to_have_count(50)
    console.button("Decide about all that fit").click()
    console.page.get_by_role("radio", name="Retry").click()
    expect(console.page.get_by_role("dialog")).to_contain_text("50 executions fit")
    console.button("Retry 50").click()

    expect(console.card("Progress")).to_contain_text("Done: 50 of 50 decided.")
    assert {trail.status for trail in failed} == {"queued"}
    assert 0 < presses() <= MOST_PRESSES


@each_width
def test_a_mended_receiver_gets_everything_now(visit: Visit, api: FakeApi, width: int) -> None:
    given_up = next(each for each in api.day.newest() if each.webhook_status == "failed")
    pending = next(each for each in api.day.newest() if each.next_delivery_at)
    console, presses = _alarmed(visit, width)

    console.button("Pending ones now").click()
    console.page.get_by_role("dialog").get_by_role("button", name="Deliver 1").click()
    expect(console.card("Progress")).to_contain_text("Done: 1 of 1 decided.")
    console.page.get_by_role("link", name="What else needs attention").click()
    console.button("Deliver all").click()
    console.page.get_by_role("dialog").get_by_role("button", name="Deliver 1").click()
    expect(console.card("Progress")).to_contain_text("Done: 1 of 1 decided.")

    assert (given_up.webhook_status, pending.next_delivery_at) == ("pending", None)
    assert 0 < presses() <= MOST_PRESSES
