"""Three incidents in the deployed world, from the alarm's page to their end, each in at most six presses."""

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import HEIGHTS, Console
from tests.stack.deployment import PUBLISHED_ACTION, Deployment

pytestmark = [pytest.mark.stack, pytest.mark.browser]

MOST_PRESSES = 6
SOON_MS = 30_000
each_width = pytest.mark.parametrize("width", HEIGHTS)


@contextmanager
def _alarmed(browser: Browser, deployment: Deployment, width: int) -> Iterator[Console]:
    """Open the page that an alarm's section of the runbook names, and count what its reader presses from there on."""
    stack = deployment.stack
    console = Console.in_a_tab(browser, f"{stack.api_url}/console", width, "light")
    console.go("#/attention")
    console.sign_in_with_aws(stack.access_key_id, stack.secret_access_key, "")
    expect(console.heading("Needs attention")).to_be_visible(timeout=SOON_MS)
    console.page.evaluate("""() => {
        window.presses = 0;
        addEventListener("pointerdown", () => { window.presses += 1; }, true);
    }""")
    yield console
    assert 0 < console.page.evaluate("window.presses") <= MOST_PRESSES
    assert console.overflow() <= 0
    assert console.faults() == []
    assert console.complaints() == []
    console.close()


@each_width
def test_an_unknown_is_decided_with_the_customer_in_view(browser: Browser, deployment: Deployment, width: int) -> None:
    customer, execution_id = f"cust_{uuid.uuid4().hex[:8]}", str(uuid.uuid4())
    deployment.genesys.script({"status": 500, "ran": True, "traceId": execution_id})
    inputs = {"customerId": customer, "reference": 9007199254740993}
    found = deployment.run(actionId=PUBLISHED_ACTION, executionId=execution_id, inputs=inputs)
    assert found["status"] == "unknown"
    with _alarmed(browser, deployment, width) as console:
        dialog = console.page.get_by_role("dialog")
        console.button(f"Resolve {execution_id[:8]}").click(timeout=SOON_MS)
        dialog.get_by_text("Show the request").click()
        expect(dialog.get_by_label("Inputs as JSON")).to_contain_text(customer, timeout=SOON_MS)
        expect(dialog.get_by_label("Inputs as JSON")).to_contain_text("9007199254740993")
        console.keep_screenshot("incident-unknown")
        dialog.get_by_role("radio", name="completed").click()
        dialog.get_by_label("How this is known").click()
        console.page.keyboard.type(f"the CRM has the order of {customer}")
        console.button("Put on record").click()
        expect(console.page.locator(".toast")).to_contain_text("is resolved.", timeout=SOON_MS)
        expect(console.button(f"Resolve {execution_id[:8]}")).to_have_count(0, timeout=SOON_MS)

    assert deployment.api.execution(execution_id).document["status"] == "completed"
    events = [each["event"] for each in deployment.history(execution_id)]
    assert events[-3:] == ["request_read", "resolved", "completed"]


@each_width
def test_fifty_failed_over_an_outage_are_retried_together(browser: Browser, deployment: Deployment, width: int) -> None:
    code, action = f"outage.{uuid.uuid4().hex[:8]}", f"custom_-_{uuid.uuid4()}"
    outage = {"status": 400, "code": code, "actionId": action, "share": 1.0}
    deployment.genesys.patch_scenario({"faults": [outage]})
    with ThreadPoolExecutor(4) as callers:
        ended = list(callers.map(lambda _: deployment.run(actionId=action, patience=120), range(50)))
    assert {(each["status"], each["error"]["code"]) for each in ended} == {("failed", code)}
    deployment.genesys.patch_scenario({"faults": []})
    with _alarmed(browser, deployment, width) as console:
        console.page.get_by_role("link", name=re.compile(f"^50 . {re.escape(code)}$")).click(timeout=SOON_MS)
        expect(console.rows()).to_have_count(50, timeout=SOON_MS)
        console.button("Decide about all that fit").click()
        console.page.get_by_role("radio", name="Retry").click()
        expect(console.page.get_by_role("dialog")).to_contain_text("50 executions fit", timeout=SOON_MS)
        console.keep_screenshot("incident-outage")
        console.button("Retry 50").click()
        expect(console.card("Progress")).to_contain_text("Done: 50 of 50 decided.", timeout=2 * SOON_MS)
        console.keep_screenshot("incident-outage-done")

    for execution in ended:
        assert deployment.ended(execution["executionId"], patience=120)["status"] == "completed"


@each_width
def test_a_mended_receiver_gets_all_that_it_missed(browser: Browser, deployment: Deployment, width: int) -> None:
    gone, url = deployment.hook()
    deployment.behave(gone, statuses=[410])
    given_up = deployment.run(actionId=PUBLISHED_ACTION, webhookUrl=url)["executionId"]
    deployment.when(given_up, lambda each: each["webhookStatus"] == "failed")
    busy, url = deployment.hook()
    deployment.behave(busy, statuses=[503], retryAfter="3600")
    pending = deployment.run(actionId=PUBLISHED_ACTION, webhookUrl=url)["executionId"]
    deployment.eventually(lambda: deployment.deliveries(busy))
    for name in (gone, busy):
        deployment.behave(name, statuses=[204])
    with _alarmed(browser, deployment, width) as console:
        for first in ("Pending ones now", "Deliver all"):
            console.button(first).click(timeout=SOON_MS)
            dialog = console.page.get_by_role("dialog")
            dialog.get_by_role("button", name=re.compile(r"^Deliver \d+$")).click(timeout=SOON_MS)
            expect(console.card("Progress")).to_contain_text(
                re.compile(r"Done: (\d+) of \1 decided"), timeout=2 * SOON_MS
            )
            console.keep_screenshot("incident-receiver")
            if first == "Pending ones now":
                console.page.get_by_role("link", name="What else needs attention").click()

    for execution_id in (given_up, pending):
        deployment.when(execution_id, lambda each: each["webhookStatus"] == "delivered", patience=120)
    assert [delivery["status"] for delivery in deployment.deliveries(gone)] == [410, 204]
    assert [delivery["status"] for delivery in deployment.deliveries(busy)] == [503, 204]
