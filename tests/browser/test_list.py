"""The list of executions: its filters, its pages, and what it says where there is nothing."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi

STATUSES = ["queued", "running", "awaiting_webhook", "completed", "failed", "unknown", "cancelled"]


def _newest(api: FakeApi) -> list[str]:
    return [trail.execution_id for trail in api.day.newest()]


def _pages(api: FakeApi) -> int:
    """How many pages the list has asked for."""
    return sum("limit=50" in each for each in api.asked)


def test_a_chosen_state_lists_that_state_alone(visit: Visit, api: FakeApi) -> None:
    console = visit()
    for status in STATUSES:
        word = status.replace("_", " ")
        console.move("#/executions")
        expect(console.rows()).to_have_count(50)

        console.page.get_by_role("checkbox", name=word, exact=True).click()

        expect(console.page).to_have_url(re.compile(rf"#/executions\?status={status}$"))
        expected = [trail for trail in api.day.trails.values() if trail.status == status][:50]
        expect(console.rows().locator(".col-status .badge")).to_have_text([word] * len(expected))
        expect(console.page.get_by_role("checkbox", name=word, exact=True)).to_be_focused()


def test_filters_in_an_address_are_set_and_asked_for(visit: Visit, api: FakeApi) -> None:
    action = api.day.actions[1]
    period = "from=2026-01-01T00:00&to=2027-01-01T00:00"
    query = f"status=unknown,failed&webhookStatus=failed&actionId={action}&traceId=t&{period}"
    console = visit(at=f"#/executions?{query}")

    expect(console.page.get_by_label("Action id")).to_have_value(action)
    expect(console.page.get_by_role("checkbox", name="failed", exact=True)).to_be_checked()
    expect(console.page.get_by_text("Nothing fits these filters")).to_be_visible()
    [asked] = {each for each in api.asked if "limit=50" in each}
    assert "status=unknown%2Cfailed" in asked
    assert "webhookStatus=failed" in asked
    assert "from=2026-01-01T00%3A00%3A00.000Z&to=2027-01-01T00%3A00%3A00.000Z" in asked


def test_an_entered_trace_id_lists_its_execution(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[30]
    console = visit(at="#/executions")

    console.page.get_by_label("Trace id").fill(trail.trace_id.upper())
    console.page.keyboard.press("Enter")

    expect(console.rows()).to_have_count(1)
    console.rows().get_by_role("link").click()
    expect(console.heading(trail.execution_id)).to_be_focused()


def test_older_pages_show_each_execution_once_newest_first(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    expect(console.rows()).to_have_count(50)

    while console.button("Show older").is_visible():
        shown = console.rows().count()
        console.button("Show older").click()
        expect(console.rows()).not_to_have_count(shown)

    expect(console.page.get_by_text(f"{len(api.day.trails)} shown, that is all")).to_be_visible()
    assert console.ids() == _newest(api)


def test_new_executions_lose_nothing_between_pages(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    console.button("Show older").click()
    expect(console.rows()).to_have_count(100)

    for _ in range(3):
        api.day.opened(0)
    console.refresh()

    expect(console.rows()).to_have_count(103)
    assert console.ids() == _newest(api)[:103]
    expect(console.page.get_by_text(re.compile(r"^103 shown · the older 53 as of \d\d:\d\d:\d\d$"))).to_be_visible()


def test_many_new_ones_are_read_until_they_meet_the_old(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    console.button("Show older").click()
    expect(console.rows()).to_have_count(100)

    for _ in range(80):
        api.day.opened(0)
    console.look_again()

    expect(console.rows()).to_have_count(180)
    assert console.ids() == _newest(api)[:180]


def test_far_too_many_new_ones_drop_older_pages_for_later(visit: Visit, api: FakeApi) -> None:
    api.page_size = 10
    console = visit(at="#/executions")
    console.button("Show older").click()
    expect(console.rows()).to_have_count(20)

    for _ in range(80):
        api.day.opened(0)
    console.look_again()

    expect(console.rows()).to_have_count(60)
    assert console.ids() == _newest(api)[:60]
    console.button("Show older").click()
    expect(console.rows()).to_have_count(70)
    assert console.ids() == _newest(api)[:70]


def test_a_moving_top_leaves_no_gap_to_older_ones(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    expect(console.rows()).to_have_count(50)
    api.held.add("next=")
    console.button("Show older").click()

    for _ in range(3):
        api.day.opened(0)
    console.look_again()
    expect(console.rows()).to_have_count(53)
    api.held.clear()

    expect(console.rows()).to_have_count(103)
    assert console.ids() == _newest(api)[:103]


def test_pages_without_a_hit_make_the_list_look_further(visit: Visit, api: FakeApi) -> None:
    api.empty_pages = 3

    console = visit(at="#/executions?status=cancelled")

    expect(console.rows()).to_have_count(1)


def test_pages_without_a_hit_cost_one_request_each_time(visit: Visit, api: FakeApi) -> None:
    api.empty_pages = 3
    console = visit(signed_in=False, at="#/executions?status=cancelled")
    console.page.clock.install()
    console.sign_in_with_key()
    expect(console.rows()).to_have_count(1)
    asked = _pages(api)

    console.page.clock.run_for(5_500)

    expect(console.page.get_by_text("1 shown, that is all · the older 1 as of")).to_be_visible()
    assert _pages(api) == asked + 1


def test_an_empty_first_page_is_not_reported_as_no_match(visit: Visit, api: FakeApi) -> None:
    api.empty_pages = 8
    console = visit(at="#/executions?status=cancelled")

    expect(console.page.get_by_text("Nothing in the newest part")).to_be_visible()
    console.button("Show older").click()

    expect(console.rows()).to_have_count(1)


def test_times_entered_far_from_utc_mean_the_same_everywhere(visit: Visit, api: FakeApi) -> None:
    console = visit(zone="Europe/Berlin", at="#/executions?to=2026-07-01T10:00:00.000Z")
    expect(console.page.get_by_label("Accepted before")).to_have_value("2026-07-01T12:00")

    console.page.get_by_label("Accepted from").fill("2026-01-01T10:00")
    console.button("Apply").click()

    expect(console.page).to_have_url(re.compile(r"from=2026-01-01T09%3A00%3A00.000Z&to=2026-07-01T10%3A00%3A00.000Z$"))
    expect(console.page.get_by_label("Accepted from")).to_have_value("2026-01-01T10:00")
    expect(console.page.get_by_label("Accepted before")).to_have_value("2026-07-01T12:00")


def test_an_unreadable_address_asks_for_nothing_wider(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions?from=yesterday&to=2026-13-01&status=failed,broken")

    for part in ("from=yesterday", "to=2026-13-01", "status=broken"):
        expect(console.main).to_contain_text(part)
    assert _pages(api) == 0


def test_only_the_open_list_follows_the_window(visit: Visit) -> None:
    console = visit(at="#/executions")
    for status in STATUSES[:4]:
        console.move(f"#/executions?status={status}")
        expect(console.page.get_by_role("checkbox", name=status.replace("_", " "), exact=True)).to_be_checked()
    console.page.evaluate("""() => {
        const { get } = Object.getOwnPropertyDescriptor(MediaQueryList.prototype, "matches");
        window.followed = 0;
        const counted = { get() { window.followed += 1; return get.call(this); } };
        Object.defineProperty(MediaQueryList.prototype, "matches", counted);
    }""")

    console.page.set_viewport_size({"width": 390, "height": 844})

    console.page.wait_for_function("window.followed > 0")
    assert console.page.evaluate("window.followed") == 1


def test_a_focused_row_keeps_the_focus_over_a_refresh(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    link = console.rows().nth(4).get_by_role("link")
    title = link.get_attribute("title")
    link.focus()

    api.day.opened(0)
    console.look_again()
    expect(console.rows().nth(5).get_by_role("link")).to_have_attribute("title", str(title))

    expect(console.rows().nth(5).get_by_role("link")).to_be_focused()


def test_an_entered_id_opens_its_execution(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[7]
    console = visit()

    console.page.get_by_label("Open an execution by its id").fill(f"  {trail.execution_id} ")
    console.page.keyboard.press("Enter")

    expect(console.heading(trail.execution_id)).to_be_focused()


def test_an_id_that_is_not_found_offers_a_look_among_trace_ids(visit: Visit) -> None:
    console = visit(at="#/executions/not-there")

    expect(console.page.get_by_text("No execution with this id")).to_be_visible()
    console.page.get_by_role("link", name="Look for it as a trace id").click()

    expect(console.page.get_by_label("Trace id")).to_have_value("not-there")


def test_a_part_of_an_id_lists_what_has_it(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[30]
    part = trail.execution_id[9:20]
    console = visit()

    console.page.get_by_label("Open an execution by its id").fill(f" {part.upper()} ")
    console.page.keyboard.press("Enter")

    expect(console.page).to_have_url(re.compile(rf"#/executions\?id={part}$"))
    expect(console.rows()).to_have_count(1)
    assert console.ids() == [trail.execution_id]
    expect(console.page.get_by_label("Part of an id")).to_have_value(part)


def test_an_error_code_lists_those_that_ended_with_it(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")

    console.page.get_by_label("Error code").fill("no_answer")
    console.page.keyboard.press("Enter")

    expect(console.rows()).to_have_count(3)
    expect(console.page).to_have_url(re.compile("errorCode=no_answer$"))


def test_a_filter_says_what_is_wrong_with_it(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")
    expect(console.rows()).to_have_count(50)
    before = _pages(api)
    start, end, part = (
        console.page.get_by_label(name) for name in ("Accepted from", "Accepted before", "Part of an id")
    )

    start.fill("2026-11-02T00:00")
    end.fill("2026-11-01T00:00")
    console.button("Apply").click()

    expect(console.main).to_contain_text("this has to be later than “Accepted from”")
    expect(end).to_have_attribute("aria-invalid", "true")
    expect(end).to_be_focused()
    end.fill("")
    part.fill("12345")
    console.button("Apply").click()
    expect(console.main).to_contain_text("At least 6 characters of an id in a row")
    expect(end).to_have_attribute("aria-invalid", "false")
    assert _pages(api) == before


def test_an_address_with_contradictions_says_so_at_the_filter(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions?from=2026-11-02&to=2026-11-01")

    expect(console.main).to_contain_text("These filters contradict each other")
    expect(console.page.get_by_label("Accepted before")).to_have_attribute("aria-invalid", "true")
    assert _pages(api) == 0


def test_what_the_api_refuses_is_said_at_the_filter(visit: Visit, api: FakeApi) -> None:
    api.faults["errorCode=%20"] = (422, "invalid_request", "the query breaks a rule")
    console = visit(at="#/executions?errorCode=%20")

    expect(console.page.get_by_role("alert")).to_contain_text("the query breaks a rule")


def test_a_row_is_a_link_and_its_button_copies(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[4]
    console = visit(at="#/executions")
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = console.rows().nth(4)

    row.hover()
    row.get_by_role("button", name="Copy execution id").click()
    assert console.page.evaluate("navigator.clipboard.readText()") == trail.execution_id
    expect(console.rows().first).to_be_visible()
    row.click(position={"x": 300, "y": 12})

    expect(console.heading(trail.execution_id)).to_be_focused()


def test_a_tap_on_a_time_shows_every_one_exactly(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[4]
    console = visit(zone="Europe/Berlin", at="#/executions")
    moment = datetime.fromtimestamp(trail.created_at / 1_000, ZoneInfo("Europe/Berlin"))
    time = console.rows().nth(4).locator("time").first
    expect(time).to_have_text(re.compile("ago$"))

    time.click()

    expect(time).to_have_text(f"{moment.day} {moment:%b}, {moment:%H:%M:%S}.{int(trail.created_at) % 1000:03d}")
    expect(console.heading("Executions")).to_be_visible()
    expect(console.page.get_by_role("contentinfo")).to_contain_text(
        re.compile(r"Times are in Europe/Berlin, UTC\+[12]; days")
    )
    console.page.get_by_role("button", name="Show how long ago").click()
    expect(time).to_have_text(re.compile("ago$"))


def test_a_pending_delivery_shows_its_next_try_in_the_list(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/executions")

    console.page.get_by_role("checkbox", name="webhook pending").click()

    pending = [trail for trail in api.day.newest() if trail.webhook_status == "pending"]
    expect(console.rows()).to_have_count(len(pending))
    waiting = console.rows().filter(has_text="completed").locator(".col-webhook")
    expect(waiting).to_have_text(re.compile(r"^pending in 2\d min"))
