"""Workflows: their list, one as a graph, and what an operator decides about it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.console import HEIGHTS, Console
from tests.browser.fake_api import FakeApi
from tests.browser.flows import BLOCKED, DONE, FAILED

HOSTILE = '"><img src=x onerror="window.hit=1">'


def _boxes(console: Console) -> dict[str, dict[str, float]]:
    """Where each step is drawn, by its first word."""
    found: dict[str, dict[str, float]] = {}
    for each in console.page.locator(".graph-step").all():
        box = each.bounding_box()
        assert box is not None
        found[each.inner_text().split()[0]] = {"x": box["x"], "y": box["y"]}
    return found


def test_the_list_shows_each_with_its_state(visit: Visit) -> None:
    console = visit(at="#/workflows")
    expect(console.rows()).to_have_count(3)
    expect(console.rows().locator(".col-status .badge")).to_have_text(["blocked", "failed", "completed"])

    console.page.get_by_role("radio", name="failed", exact=True).check(force=True)

    expect(console.rows()).to_have_count(1)
    console.rows().get_by_role("link").click()
    expect(console.heading(FAILED)).to_be_focused()


def test_steps_are_drawn_from_left_to_right_by_wave(visit: Visit) -> None:
    console = visit(at=f"#/workflows/{BLOCKED}")
    expect(console.page.locator(".graph-step")).to_have_count(4)

    boxes = _boxes(console)

    assert boxes["customer"]["x"] < boxes["orders"]["x"] == boxes["mail"]["x"] < boxes["total"]["x"]
    expect(console.page.locator(".graph-lines path")).to_have_count(4)
    expect(console.page.locator(".graph-step.critical")).to_have_count(2)
    expect(console.page.locator(".graph-step.stacked")).to_contain_text("2 completed, 1 unknown")


def test_on_a_narrow_screen_the_graph_is_a_list(visit: Visit) -> None:
    console = visit(width=min(HEIGHTS), at=f"#/workflows/{BLOCKED}")
    expect(console.page.locator(".graph-step")).to_have_count(4)

    boxes = _boxes(console)

    assert len({each["x"] for each in boxes.values()}) == 1
    assert boxes["customer"]["y"] < boxes["orders"]["y"] < boxes["mail"]["y"] < boxes["total"]["y"]
    expect(console.page.get_by_text("after orders, mail")).to_be_visible()


def test_it_says_why_a_step_waits_and_what_blocks_it(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/workflows/{BLOCKED}")

    expect(console.page.get_by_text("waits for orders")).to_be_visible()
    expect(console.card("Summary")).to_contain_text("Nobody knows whether this ran: orders 2")
    unknown = api.flows[BLOCKED]["steps"]["orders"]["items"][2]["executionId"]
    expect(console.page.get_by_role("link", name="orders 2")).to_have_attribute("href", f"#/executions/{unknown}")


def test_a_step_leads_to_its_execution(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/workflows/{BLOCKED}")

    console.page.get_by_role("link", name="customer").click()

    expect(console.page).to_have_url(re.compile(api.flows[BLOCKED]["steps"]["customer"]["executionId"]))


def test_a_part_is_run_again(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/workflows/{FAILED}")
    console.button("Run again").click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Which part").select_option("second")
    dialog.get_by_role("button", name="Run again").click()

    expect(dialog).to_have_count(0)
    expect(console.card("Summary")).to_contain_text("running")
    assert api.bodies == [{"from": "second"}]


def test_cancelling_asks_first(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/workflows/{BLOCKED}")
    console.button("Cancel").click()
    console.page.get_by_role("dialog").get_by_role("button", name="Start nothing more").click()

    expect(console.card("Summary")).to_contain_text("cancelled")
    assert api.bodies == [None]
    expect(console.page.get_by_role("group", name="Decisions").get_by_role("button", name="Cancel")).to_have_count(0)


@pytest.mark.parametrize("width", HEIGHTS)
def test_what_the_api_says_stays_text(visit: Visit, api: FakeApi, width: int) -> None:
    steps = api.flows[DONE]["steps"]
    steps[HOSTILE] = {**steps["only"], "dependsOn": ["only"], "error": {"code": HOSTILE, "message": HOSTILE}}
    console = visit(width=width, at=f"#/workflows/{DONE}")

    expect(console.page.locator(".graph-step")).to_have_count(2)
    expect(console.page.locator(".graph-step").last).to_contain_text(HOSTILE)
    assert console.page.evaluate("window.hit") is None


def test_an_id_that_nobody_knows_says_so(visit: Visit) -> None:
    console = visit(at="#/workflows/nothing")
    expect(console.page.get_by_text("No workflow with this id")).to_be_visible()
