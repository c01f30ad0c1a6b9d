"""How are we doing, and what needs me: the overview and what it says while nobody touches it."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi
from tests.browser.sample import metrics, quiet_day


def test_the_overview_counts_what_the_api_counts(visit: Visit, api: FakeApi) -> None:
    found = metrics(api.day)
    console = visit()

    counts = console.card("Counts")
    expect(counts).to_contain_text(f"Accepted{found['totalExecutions']:,}")
    expect(counts).to_contain_text(f"Failed{found['failedExecutions']}")
    expect(counts).to_contain_text(f"{found['successfulExecutions']:,} of ")
    assert any(re.match(r"GET /metrics\?from=\d{4}-\d\d-\d\d&to=", each) for each in api.asked)


def test_a_round_of_the_overview_is_four_requests(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)
    console.page.clock.install()
    console.sign_in_with_key()
    expect(console.card("Needs attention")).to_contain_text("Unknown outcome")
    expect(console.page.get_by_text(re.compile(r"^Updated"))).to_be_visible()

    signing_in = api.asked.pop(0)
    asked = sorted(each.removeprefix("GET ").partition("?")[0] for each in api.asked)
    assert signing_in == "GET /health"
    assert asked == ["/attention", "/executions", "/metrics", "/queues"]


def test_another_window_asks_for_its_own_counts(visit: Visit, api: FakeApi) -> None:
    console = visit()

    console.page.get_by_role("radio", name="All", exact=True).click()

    expect(console.card("Counts")).to_contain_text("since the deployment")
    assert api.asked.count("GET /metrics") == 1


def test_an_hour_chosen_by_key_is_described_in_words(visit: Visit, api: FakeApi) -> None:
    hours = metrics(api.day)["hours"]
    console = visit()
    slider = console.page.get_by_role("slider", name="Hour, of the last 48")
    slider.focus()

    slider.press("Home")
    slider.press("ArrowRight")

    text = str(slider.get_attribute("aria-valuetext"))
    assert f"{hours[1]['totalExecutions']} accepted" in text
    assert f"{hours[1]['hour'][11:13]}:00" in text
    assert slider.get_attribute("aria-valuenow") == "2"
    expect(console.page.locator(".readout")).to_contain_text(f"accepted{hours[1]['totalExecutions']}")


def test_the_charts_table_has_a_row_for_every_hour(visit: Visit) -> None:
    console = visit()

    console.page.get_by_text("The same as a table").click()

    expect(console.page.get_by_role("table", name="Latency and volume by hour").locator("tbody tr")).to_have_count(48)


def test_what_needs_attention_is_named_with_a_remedy(
    visit: Visit,
) -> None:
    console = visit()

    needs = console.card("Needs attention")
    for name in ("Unknown outcome", "Webhook not delivered", "Failed in the last 24 hours", "Dead-letter queues"):
        expect(needs.get_by_role("heading", name=name)).to_be_visible()
    expect(needs.get_by_role("button", name=re.compile("^Resolve"))).to_have_count(3)
    expect(console.page.get_by_role("link", name="Attention 5 open")).to_be_visible()
    expect(console.page).to_have_title("(5) Overview – actionrelay")  # noqa: RUF001 - the title's own dash


def test_queues_and_a_closed_gate_are_shown(visit: Visit) -> None:
    console = visit()

    queues = console.card("Queues")
    expect(queues).to_contain_text("waiting38")
    expect(queues).to_contain_text("1 dead letter")
    expect(queues).to_contain_text(re.compile(r"Paused for \d+ s more"))
    expect(queues).to_contain_text(
        "2 callers before the rate gate, 20 % of the rate while both lanes wait. Worked off ≈ in"
    )
    expect(queues).to_contain_text("≈ 17 of at most 30 actions under way")
    expect(queues.get_by_role("heading")).to_have_text(
        ["Queues", "Executions", "Bulk executions", re.compile("^Deliveries"), "Workflows", "Rate gate"]
    )
    widths = queues.locator(".key").evaluate_all("keys => keys.map((each) => each.getBoundingClientRect().width)")
    assert len(set(widths)) == 1
    assert queues.locator(".parts").first.locator(".part").count() == 3
    wide = (
        queues.locator(".parts")
        .first.locator(".part")
        .evaluate_all("parts => parts.map((each) => each.offsetWidth > 20)")
    )
    assert wide == [True] * 3


def test_a_new_deployment_says_what_will_appear(visit: Visit, api: FakeApi) -> None:
    api.day = quiet_day(time.time() * 1_000)
    console = visit()

    expect(console.main).to_contain_text("No executions yet")
    expect(console.main).to_contain_text("Nothing needs you")
    expect(console.main).to_contain_text("Nothing has completed or failed in these 48 hours")
    expect(console.main).to_contain_text("Open, at most 270 requests a minute")


# -- Kept up to date --------------------------------------------------------------------------------------------------


def test_an_open_page_refreshes_itself(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)
    console.page.clock.install()
    console.sign_in_with_key()
    console.settled()
    expect(console.rows().first).to_contain_text("queued")

    new = api.day.opened(0).step("attempt_started", 5).step("unknown", 7)
    console.page.clock.run_for(6_000)

    expect(console.rows().first).to_contain_text("unknown")
    expect(console.rows().first).to_contain_text(new.execution_id[:8])


def test_a_paused_page_asks_nothing_until_it_resumes(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)
    console.page.clock.install()
    console.sign_in_with_key()
    console.settled()

    console.button("Pause updating").click()
    asked = len(api.asked)
    console.page.clock.run_for(60_000)
    expect(console.page.get_by_text("Paused. Updated 1 min ago")).to_be_visible()
    assert len(api.asked) == asked
    console.button("Go on updating").click()

    expect(console.page.get_by_text("Updated just now")).to_be_visible()
    assert len(api.asked) > asked


def test_a_hidden_tab_asks_nothing_and_catches_up_on_return(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)
    console.page.clock.install()
    console.sign_in_with_key()
    console.settled()
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""

    asked = len(api.asked)
    console.page.evaluate(hide, True)
    console.page.clock.run_for(120_000)
    assert len(api.asked) == asked
    console.page.evaluate(hide, False)

    expect(console.page.get_by_text("Updated just now")).to_be_visible()
    assert len(api.asked) > asked


def test_a_failing_api_is_reported_and_asked_less_often(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)
    console.page.clock.install()
    console.sign_in_with_key()
    console.settled()
    for part in ("metrics", "queues", "executions"):
        api.faults[part] = (503, "store_unavailable", "the table did not answer")

    console.page.clock.run_for(5_500)
    expect(console.page.get_by_role("alert")).to_contain_text("the table did not answer What is shown is from before.")
    expect(console.rows()).to_have_count(12)
    asked = len(api.asked)
    console.page.clock.run_for(7_000)
    assert len(api.asked) == asked

    api.faults.clear()
    console.refresh()
    expect(console.page.get_by_role("alert")).to_have_count(0)


def test_one_failing_part_leaves_the_others_shown(visit: Visit, api: FakeApi) -> None:
    api.faults["queues"] = (503, "queue_unavailable", "SQS did not answer")

    console = visit()

    expect(console.card("Queues")).to_contain_text("SQS did not answer")
    expect(console.card("Counts")).to_contain_text("Accepted")
    expect(console.rows()).to_have_count(12)


def test_a_page_goes_on_after_a_refusal_is_lifted(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)
    console.page.clock.install()
    console.sign_in_with_key()
    console.settled()
    parts = ("metrics", "queues", "executions")
    api.faults.update(dict.fromkeys(parts, (403, "access_denied", "no")))
    console.refresh()
    expect(console.page.get_by_role("alert")).to_contain_text("lacks execute-api:Invoke")

    api.faults.clear()
    console.page.clock.run_for(61_000)

    expect(console.page.get_by_role("alert")).to_have_count(0)


def test_an_unserved_path_keeps_the_reader_signed_in(visit: Visit, api: FakeApi) -> None:
    console = visit()
    console.settled()

    api.faults["metrics"] = (403, "missing_authentication", "nothing is served here")
    console.refresh()

    expect(console.card("Counts")).to_contain_text("Nothing is served under this address")
    expect(console.heading("Overview")).to_be_visible()


def test_the_chosen_theme_survives_a_reload(visit: Visit) -> None:
    console = visit()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = console.page.evaluate(ground)

    console.button("Colours: system").click()
    console.button("Colours: light").click()

    assert console.page.evaluate(ground) != light
    console.page.reload()
    assert console.page.evaluate("document.documentElement.dataset.scheme") == "dark"


@pytest.mark.parametrize(("age_hours", "shown"), [(0, 6), (3, 6), (9, 12), (20, 24), (40, 48)])
def test_the_chart_fits_the_age_of_the_deployment(visit: Visit, api: FakeApi, age_hours: int, shown: int) -> None:
    api.first_hour = age_hours
    console = visit()

    slider = console.page.get_by_role("slider", name=f"Hour, of the last {shown}", exact=True)
    expect(slider).to_have_attribute("aria-valuemax", str(shown))
    expect(console.card("Latency and volume")).to_contain_text(f"last {shown} hours, all actions")
    slider.focus()
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "1")


def test_percentiles_say_that_they_are_about(visit: Visit) -> None:
    console = visit()

    expect(console.card("Counts")).to_contain_text(re.compile(r"Latency, p95≈ [\d.]+ m?s\s*p50 ≈ [\d.]+ ms · p99 ≈"))
    expect(console.card("Actions").locator("tbody tr").first).to_contain_text("≈")


def test_the_runbook_is_linked_where_its_owner_says_it_is(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/attention")
    expect(console.card("Dead-letter queues")).to_contain_text("docs/runbook.md, “Deliveries that were given up”")
    expect(console.page.get_by_role("link", name="Runbook")).to_have_count(0)

    api.runbook = "https://wiki.example.com/runbook"
    console = visit(at="#/attention")
    link = console.card("Dead-letter queues").get_by_role("link", name="Runbook: Deliveries that were given up")

    expect(link).to_have_attribute("href", "https://wiki.example.com/runbook#deliveries-that-were-given-up")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_a_runbook_that_is_no_https_url_stays_text(visit: Visit, api: FakeApi) -> None:
    api.runbook = "javascript:window.hit=1"
    console = visit(at="#/attention")

    expect(console.card("Dead-letter queues")).to_contain_text("Runbook: Deliveries that were given up")
    assert console.page.locator("a[href^='javascript']").count() == 0
