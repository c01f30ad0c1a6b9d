"""One execution: its timeline, its history, and what is decided about it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi
from tests.browser.trails import Trail


def _one(api: FakeApi, fits: Callable[[Trail], bool]) -> Trail:
    return next(trail for trail in api.day.newest() if fits(trail))


def _eventful(api: FakeApi) -> Trail:
    return _one(api, lambda trail: any(entry["event"] == "rerun_requested" for entry in trail.entries))


STATUSES = ["queued", "running", "awaiting_webhook", "completed", "failed", "unknown", "cancelled"]


def test_every_state_shows_its_facts_and_its_history(visit: Visit, api: FakeApi) -> None:
    console = visit()
    for status in STATUSES:
        trail = _one(api, lambda each, status=status: each.status == status)  # type: ignore[misc]
        console.move(f"#/executions/{trail.execution_id}")

        summary = console.card("Summary")
        expect(console.heading(trail.execution_id)).to_be_visible()
        expect(summary).to_contain_text(status.replace("_", " "))
        expect(summary).to_contain_text(trail.action_id)
        if trail.error:
            expect(summary).to_contain_text(trail.error["message"])
        entries = console.page.get_by_role("table", name="Audit entries").locator("tbody tr")
        expect(entries).to_have_count(len(trail.entries))


def test_a_long_timeline_can_be_read_by_keyboard(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/executions/{_eventful(api).execution_id}")
    attempts = console.page.get_by_role("region", name="Attempts").get_by_role("button")
    expect(attempts).to_have_count(4)

    attempts.first.focus()
    details = console.page.locator(".span-details")
    expect(details).to_have_text(
        "Attempt 1: 1.9 s · from +800 ms to +2.7 s · to be tried again · http_429 · "
        "limit oauth/requests=300 · correlation 11-22"
    )
    console.page.keyboard.press("Tab")
    expect(details).to_contain_text("Attempt 2: 700 ms")
    expect(console.page.get_by_role("region", name="Delivery to the caller").get_by_role("button")).to_have_count(6)
    expect(console.page.get_by_text(re.compile("Compressed: what is hatched"))).to_be_visible()


def test_a_proportional_timeline_has_widths_like_its_times(visit: Visit, api: FakeApi) -> None:
    trail = api.day.opened(60_000).step("attempt_started", 3_000).step("completed", 9_000)
    console = visit(at=f"#/executions/{trail.execution_id}")
    expect(console.page.get_by_text("Drawn in proportion.")).to_be_visible()

    wait, attempt = (box["width"] for each in console.page.locator(".span").all() if (box := each.bounding_box()))

    assert attempt / wait == pytest.approx(3, rel=0.02)


def test_an_intact_chain_says_how_much_was_checked(visit: Visit, api: FakeApi) -> None:
    trail = _eventful(api)
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Verify chain").click()

    said = f"The chain is intact: {len(trail.entries)} entries checked, each fits the one before."
    expect(console.page.locator(".verdict")).to_have_text(said)


def test_a_broken_chain_names_and_marks_the_entry(visit: Visit, api: FakeApi) -> None:
    api.broken_at = 3
    console = visit(at=f"#/executions/{_eventful(api).execution_id}")

    console.button("Verify chain").click()

    said = "The chain is broken at entry 3: its hash is not that of its fields."
    expect(console.page.locator(".verdict")).to_have_text(said)
    expect(console.page.locator(".audit tr.broken td").first).to_have_text("3")


def test_a_settled_result_is_read_again_only_after_a_change(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "completed" and each.webhook_status == "delivered")
    document = f"GET /executions/{trail.execution_id}"
    console = visit(signed_in=False, at=f"#/executions/{trail.execution_id}")
    console.page.clock.install()
    console.sign_in_with_key()
    expect(console.page.get_by_label("Result as JSON")).to_be_visible()
    expect(console.page.get_by_text(re.compile("^Updated"))).to_be_visible()
    audits = api.asked.count(f"{document}/audit")

    console.page.clock.run_for(10_500)
    expect(console.page.get_by_text("Updated just now")).to_be_visible()
    assert api.asked.count(f"{document}/audit") == audits + 1
    assert api.asked.count(document) == 1

    trail.step("redelivery_requested", 60_000)
    console.page.clock.run_for(10_500)
    expect(console.card("Summary")).to_contain_text("pending")
    assert api.asked.count(document) > 1


def test_an_id_of_dots_is_not_found_and_keeps_the_reader_in(visit: Visit, api: FakeApi) -> None:
    console = visit()

    for dots in (".", ".."):
        console.page.get_by_label("Open an execution by its id").fill(dots)
        console.page.keyboard.press("Enter")
        expect(console.heading(dots)).to_be_focused()
        expect(console.page.get_by_text("No execution with this id")).to_be_visible()

    assert not any(each.startswith(("GET /?", "GET /executions/")) or each == "GET /" for each in api.asked)


# -- Decisions --------------------------------------------------------------------------------------------------------


OFFERED = {
    "queued": ["Cancel"],
    "running": [],
    "awaiting_webhook": [],
    "failed": ["Retry", "Acknowledge"],
    "unknown": ["Retry", "Resolve", "Redeliver", "Acknowledge"],
    "cancelled": [],
}


def test_a_state_offers_what_it_allows_and_nothing_else(visit: Visit, api: FakeApi) -> None:
    console = visit()
    for status, offered in OFFERED.items():
        trail = _one(api, lambda each, status=status: each.status == status)  # type: ignore[misc]
        console.move(f"#/executions/{trail.execution_id}")
        expect(console.heading(trail.execution_id)).to_be_visible()
        expect(console.card("Summary")).to_contain_text(status.replace("_", " "))

        expect(console.page.get_by_role("group", name="Decisions").get_by_role("button")).to_have_text(offered)


def test_an_unknown_resolved_as_completed_is_on_record(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "unknown")
    console = visit(at="#/attention")

    console.button(f"Resolve {trail.execution_id[:8]}").click()
    console.button("Put on record").click()
    expect(console.page.get_by_role("alert")).to_contain_text("Say how it ended: completed or failed.")
    expect(console.page.get_by_role("radio", name="completed")).to_be_focused()
    console.page.get_by_role("radio", name="completed").check()
    console.page.get_by_label("Result, as JSON").fill("{ not JSON")
    console.button("Put on record").click()
    expect(console.page.get_by_role("alert")).to_contain_text("The result is not JSON")
    console.page.get_by_label("Result, as JSON").fill('{"orderId": 7}')
    console.page.get_by_label("How this is known").fill("seen in the CRM")
    console.button("Put on record").click()

    expect(console.page.locator(".toast")).to_contain_text("is resolved.")
    expect(console.button(f"Resolve {trail.execution_id[:8]}")).to_have_count(0)
    assert api.bodies == [{"status": "completed", "result": {"orderId": 7}, "note": "seen in the CRM"}]
    assert (trail.status, trail.result) == ("completed", {"orderId": 7})


def test_an_unknown_resolved_as_failed_carries_the_reason(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "unknown")
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Resolve").click()
    console.page.get_by_role("radio", name="failed").check()
    console.page.get_by_label("Why it failed").fill("no such order")
    console.button("Put on record").click()

    expect(console.card("Summary")).to_contain_text("failed")
    assert api.bodies == [{"status": "failed", "error": "no such order"}]


@pytest.mark.parametrize(
    ("buttons", "fits", "becomes"),
    [
        (("Retry", "Run it again"), lambda each: each.status == "failed", "queued"),
        (("Cancel", "Cancel it, for good"), lambda each: each.status == "queued", "cancelled"),
        (("Redeliver", "Deliver again"), lambda each: each.webhook_status == "failed", "pending"),
    ],
)
def test_a_confirmed_decision_is_made_and_shown(
    visit: Visit, api: FakeApi, buttons: tuple[str, str], fits: Callable[[Trail], bool], becomes: str
) -> None:
    trail = _one(api, fits)
    console = visit(at=f"#/executions/{trail.execution_id}")

    decision, confirm = buttons
    console.button(decision).click()
    expect(console.page.get_by_role("dialog")).to_contain_text(trail.execution_id)
    console.button(confirm).click()

    expect(console.card("Summary")).to_contain_text(becomes)
    expect(console.page.locator(".toast")).to_be_visible()


def test_leaving_a_dialog_asks_nothing_and_restores_the_focus(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "failed")
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Retry").click()
    console.page.keyboard.press("Escape")

    expect(console.page.get_by_role("dialog")).to_have_count(0)
    expect(console.button("Retry")).to_be_focused()
    assert api.bodies == []


def test_a_decision_on_a_moved_execution_explains_the_conflict(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "unknown")
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Retry").click()
    trail.step("resolved").step("completed")
    console.button("Ask again").click()

    alert = console.page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text("the execution is completed")
    expect(alert).to_contain_text("It has moved on")
    expect(alert).to_contain_text("What it allows now: redeliver.")
    console.button("Leave it as it is").click()
    expect(console.card("Summary")).to_contain_text("completed")
    expect(console.button("Retry")).to_have_count(0)


@pytest.mark.parametrize(
    ("code", "said"),
    [("access_denied", "lacks execute-api:Invoke"), ("operators_only", "Sign in with an operator's key")],
)
def test_a_refused_decision_names_what_is_missing(visit: Visit, api: FakeApi, code: str, said: str) -> None:
    trail = _one(api, lambda each: each.status == "failed")
    api.faults["retry"] = (403, code, "no")
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Retry").click()
    console.button("Run it again").click()

    expect(console.page.get_by_role("dialog").get_by_role("alert")).to_contain_text(said)


def test_a_decision_under_way_cannot_be_dismissed(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "failed")
    api.held.add("retry")
    api.faults["retry"] = (503, "queue_unavailable", "SQS did not answer")
    console = visit(at=f"#/executions/{trail.execution_id}")
    console.button("Retry").click()
    console.button("Run it again").click()
    expect(console.button("Asking…")).to_be_visible()

    for _ in range(3):
        console.page.keyboard.press("Escape")
    expect(console.button("Leave it as it is")).to_be_disabled()
    api.held.clear()

    expect(console.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("SQS did not answer")
    console.page.keyboard.press("Escape")
    expect(console.page.get_by_role("dialog")).to_have_count(0)
