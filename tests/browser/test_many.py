"""One decision about many: no filter is none, how many are asked first, and what becomes of it can be followed."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi
from tests.browser.sample import HOUR
from tests.browser.trails import Trail


def _outage(api: FakeApi, number: int = 50) -> list[Trail]:
    """So many that failed over one outage."""
    failed = [
        api.day.opened(HOUR + at * 1_000).step("attempt_started", 200).step("failed", 300) for at in range(number)
    ]
    for trail in failed:
        trail.broke("http_503", "Genesys Cloud is not there")
    return failed


def test_a_decision_without_a_filter_is_refused_unasked(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    console.button("Decide about all that fit").click()

    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_contain_text("No filter is set")
    expect(dialog.get_by_role("radio")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Decide")).to_be_disabled()
    assert not any("decisions" in each for each in api.asked)


def test_many_are_counted_before_they_are_decided(visit: Visit, api: FakeApi) -> None:
    failed = _outage(api)
    console = visit(at="#/executions?status=failed&errorCode=http_503")
    console.button("Decide about all that fit").click()
    console.page.get_by_role("radio", name="Retry").check()
    console.page.get_by_label("Note, optional").fill("the outage is over")
    expect(console.page.get_by_role("dialog")).to_contain_text("50 executions fit at this moment")
    assert {trail.status for trail in failed} == {"failed"}

    console.button("Retry 50").click()

    expect(console.card("Progress")).to_contain_text("Done: 50 of 50 decided.")
    assert {trail.status for trail in failed} == {"queued"}
    filters = {"errorCode": "http_503", "status": "failed"}
    assert [each.get("dryRun") for each in api.bodies] == [True, None]
    assert api.bodies[-1] == {"decision": "retry", "filter": filters, "note": "the outage is over"}


def test_progress_goes_on_over_a_reload(visit: Visit, api: FakeApi) -> None:
    _outage(api)
    api.a_look = 10
    api.held.add("decisions")
    console = visit(signed_in=False, at="#/executions?errorCode=http_503")
    console.sign_in_with_key(keep=True)
    console.button("Decide about all that fit").click()
    api.held.clear()
    console.page.get_by_role("radio", name="Retry").check()
    console.button("Retry 50").click()
    bar = console.page.get_by_role("progressbar", name="Decided")
    expect(bar).to_have_attribute("aria-valuenow", re.compile("^(10|20)$"))

    console.page.reload()

    expect(console.heading("Retry many")).to_be_visible()
    expect(bar).to_have_attribute("aria-valuenow", "50", timeout=15_000)
    expect(console.card("Progress")).to_contain_text("Done: 50 of 50 decided.")


def test_what_is_under_way_is_named_beside_the_lists(visit: Visit, api: FakeApi) -> None:
    _outage(api)
    api.a_look = 1
    console = visit(at="#/executions?errorCode=http_503")
    console.button("Decide about all that fit").click()
    console.page.get_by_role("radio", name="Acknowledge").check()
    console.button("Acknowledge 50").click()
    expect(console.card("Progress")).to_contain_text("Under way")

    console.move("#/attention")
    note = console.page.locator(".under-way")
    expect(note).to_contain_text(re.compile(r"Acknowledge is under way: \d+ of 50"))
    note.get_by_role("link", name="Follow it").click()

    expect(console.card("Progress")).to_contain_text("Under way")


def test_those_left_as_they_are_are_listed_with_the_reason(visit: Visit, api: FakeApi) -> None:
    cancelled = next(each for each in api.day.newest() if each.status == "cancelled")
    console = visit(at="#/executions?status=failed,cancelled")
    console.button("Decide about all that fit").click()
    console.page.get_by_role("radio", name="Retry").check()
    console.button("Retry 3").click()

    progress = console.card("Progress")
    expect(progress).to_contain_text("Done: 2 of 3 decided, 1 was left as it is.")
    expect(progress.get_by_role("link", name=re.compile("^[0-9a-f-]{36}$"))).to_have_count(1)
    progress.get_by_role("link", name=cancelled.execution_id).click()
    expect(console.heading(cancelled.execution_id)).to_be_visible()


def test_many_are_resolved_as_one_only_when_it_is_said_how(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/attention")
    console.card("Unknown outcome").get_by_role("button", name="Decide about all").click()
    console.page.get_by_role("radio", name="Resolve").check()
    confirm = console.page.get_by_role("button", name="Resolve 3", exact=True)
    confirm.click()
    expect(console.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Say how it ended")

    console.page.get_by_role("radio", name="failed").check()
    console.page.get_by_label("Why it failed").fill("no such order")
    console.page.get_by_label("How this is known").fill("asked the CRM")
    confirm.click()

    expect(console.card("Progress")).to_contain_text("Done: 3 of 3 decided.")
    assert api.bodies[-1] == {
        "decision": "resolve",
        "filter": {"status": "unknown"},
        "note": "asked the CRM",
        "resolution": {"status": "failed", "error": "no such order"},
    }


def test_a_mended_receiver_gets_given_up_and_pending_ones(visit: Visit, api: FakeApi) -> None:
    pending = next(trail for trail in api.day.newest() if trail.next_delivery_at)
    console = visit(at="#/attention")

    console.card("Webhook not delivered").get_by_role("button", name="Deliver all").click()
    expect(console.page.get_by_role("radio", name="Redeliver")).to_be_checked()
    console.button("Deliver 1").click()
    expect(console.card("Progress")).to_contain_text("Done: 1 of 1 decided.")
    assert api.bodies[-1]["filter"] == {"webhookStatus": "failed"}

    gone = api.day.opened(HOUR, hook=True).step("failed", 500).step("webhook_failed", 900)
    console.page.get_by_role("link", name="What else needs attention").click()
    console.button("Pending ones now").click()
    console.button("Deliver 2").click()
    expect(console.card("Progress")).to_contain_text("Done: 2 of 2 decided.")
    assert pending.next_delivery_at is None
    assert gone.webhook_status == "failed"


def test_a_filter_that_means_too_many_leads_to_the_list(visit: Visit, api: FakeApi) -> None:
    api.too_many = True
    console = visit(at="#/attention")
    console.card("Failed in the last 24 hours").get_by_role("button", name="Retry all").click()
    dialog = console.page.get_by_role("dialog")

    expect(dialog).to_contain_text("matches more than 1000 executions")
    dialog.get_by_role("link", name="Narrow it in the list").click()

    expect(console.page.get_by_role("dialog")).to_have_count(0)
    expect(console.page.get_by_role("checkbox", name="failed", exact=True)).to_be_checked()


def test_a_refused_decision_about_many_stays_in_the_dialog(visit: Visit, api: FakeApi) -> None:
    api.faults["decisions"] = (403, "access_denied", "no")
    console = visit(at="#/executions?status=failed")
    console.button("Decide about all that fit").click()
    console.page.get_by_role("radio", name="Retry").check()

    expect(console.page.get_by_role("dialog")).to_contain_text("lacks execute-api:Invoke")
    expect(console.page.get_by_role("dialog").locator("button[type=submit]")).to_be_disabled()


def test_an_unknown_decision_says_so(visit: Visit) -> None:
    console = visit(at="#/decisions/not-there")

    expect(console.main).to_contain_text("No decision with this id")
