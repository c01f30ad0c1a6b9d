"""For everybody, and for nobody's script: contrast and names by axe-core, keys alone, small screens, hostile data."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.console import HEIGHTS, Console
from tests.browser.fake_api import FakeApi
from tests.browser.flows import BLOCKED
from tests.browser.trails import Trail

HOSTILE = '"\'><img src=x onerror="window.hit=1"><script>window.hit=1</script>{{style}}javascript:window.hit=1'


def _places(api: FakeApi) -> dict[str, str]:
    eventful = next(each for each in api.day.newest() if len(each.entries) > 12)
    return {
        "overview": "#/",
        "executions": "#/executions",
        "attention": "#/attention",
        "execution": f"#/executions/{eventful.execution_id}",
        "workflows": "#/workflows",
        "workflow": f"#/workflows/{BLOCKED}",
        "submit": "#/submit",
        "docs": "#/docs",
    }


@pytest.mark.parametrize("width", HEIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_a_serious_fault_or_scrolls_sideways(visit: Visit, api: FakeApi, width: int, scheme: str) -> None:
    console = visit(width=width, scheme=scheme, signed_in=False)
    found = {"door": _looked_at(console, "door")}
    console.sign_in_with_key()
    for name, place in _places(api).items():
        console.move(place)
        found[name] = _looked_at(console, name)
    unknown = next(each for each in api.day.newest() if each.status == "unknown")
    console.move(f"#/executions/{unknown.execution_id}")
    console.button("Resolve").click()
    console.page.get_by_role("dialog").get_by_text("Show the request").click()
    expect(console.page.get_by_role("dialog").get_by_label("Inputs as JSON")).to_be_visible()
    found["dialog"] = _looked_at(console, "dialog")
    console.page.keyboard.press("Escape")
    api.a_look = 2
    console.move("#/executions?status=failed,unknown,cancelled")
    console.button("Decide about all that fit").click()
    console.page.get_by_role("radio", name="Retry").check()
    expect(console.button("Retry 6")).to_be_enabled()
    found["bulk"] = _looked_at(console, "bulk")
    console.button("Retry 6").click()
    expect(console.card("Progress")).to_contain_text("Done")
    found["decision"] = _looked_at(console, "decision")

    assert {name: faults for name, faults in found.items() if faults} == {}


def _looked_at(console: Console, name: str) -> list[str]:
    if name != "door":
        console.settled()
    expect(console.page.locator("h1")).to_be_visible()
    console.keep_screenshot(name)
    overflow = console.overflow()
    return [*console.faults(), *([f"{overflow} px beyond the edge"] if overflow > 0 else [])]


def test_an_unknown_can_be_resolved_by_keyboard_alone(visit: Visit, api: FakeApi) -> None:
    console = visit()
    console.settled()
    press = console.page.keyboard.press

    _tab_to(console, "Attention")
    press("Enter")
    expect(console.heading("Needs attention")).to_be_focused()
    expect(console.button("Resolve").first).to_be_visible()
    _tab_to(console, "Resolve")
    press("Enter")
    expect(console.page.get_by_role("dialog")).to_be_visible()
    _tab_to(console, "completed")
    press("ArrowDown")
    expect(console.page.get_by_role("radio", name="failed")).to_be_focused()
    _tab_to(console, "How this is known")
    console.page.keyboard.type("asked them")
    _tab_to(console, "Put on record")
    press("Enter")

    expect(console.page.get_by_role("dialog")).to_have_count(0)
    assert api.bodies == [{"status": "failed", "note": "asked them"}]


def _tab_to(console: Console, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    called = """() => {
        const active = document.activeElement;
        const label = active.labels?.[0]?.textContent ?? "";
        const name = active.getAttribute("aria-label") ?? active.textContent;
        return active === document.body ? "" : `${label} ${name}`;
    }"""
    for _ in range(60):
        console.page.keyboard.press("Tab")
        if name in console.page.evaluate(called):
            return
    raise AssertionError(f"no way to {name} by Tab")


def test_the_frame_can_be_skipped_by_keyboard(visit: Visit) -> None:
    console = visit()
    console.settled()

    _tab_to(console, "Skip to the content")
    console.page.keyboard.press("Enter")

    expect(console.main).to_be_focused()


def _hostile(trail: Trail) -> None:
    """Say something hostile in every field that is shown and that a caller or an operator can choose."""
    trail.action_id = trail.trace_id = HOSTILE
    trail.webhook_url = HOSTILE
    trail.broke(HOSTILE, HOSTILE, 500, HOSTILE)
    names = ("code", "correlationId", "actor", "note", "limit", "payloadSha256")
    fields: dict[str, Any] = dict.fromkeys(names, HOSTILE)
    trail.step("rerun_requested", 10, **fields).step("attempt_started", 10, **fields)
    trail.step("retry_planned", 10, **fields).step(HOSTILE, 10, **fields).step("attempt_started", 10)
    trail.step("unknown", 10, **fields).broke(HOSTILE, HOSTILE, 500, HOSTILE)
    trail.webhook_status = "failed"


def test_markup_in_any_field_is_shown_as_text(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[0]
    _hostile(trail)
    api.day.actions[0] = HOSTILE
    completed = api.day.newest()[4]
    completed.result = {HOSTILE: [HOSTILE]}
    console = visit()

    for place in ("#/", "#/executions", "#/attention", f"#/executions/{trail.execution_id}"):
        console.move(place)
        console.settled()
        expect(console.page.get_by_text("<img src=x").first).to_be_attached()
    console.button("Resolve").click()
    expect(console.page.get_by_role("dialog")).to_contain_text("<img src=x")
    console.page.keyboard.press("Escape")
    console.move(f"#/executions/{completed.execution_id}")
    expect(console.page.get_by_label("Result as JSON")).to_contain_text("<img src=x")
    for place in (f"#/executions/{HOSTILE}", f"#/executions?actionId={HOSTILE}&traceId={HOSTILE}", f"#{HOSTILE}"):
        console.move(place)
        console.settled()

    assert console.page.evaluate("window.hit") is None
    assert console.page.locator("main img, main script").count() == 0


def test_the_policy_stops_an_injected_script(
    visit: Visit,
) -> None:
    console = visit()

    stopped = console.page.evaluate("""() => {
        const script = document.createElement("script");
        try { script.textContent = "window.hit = 1"; document.body.append(script); } catch { return "types"; }
        return window.hit === undefined ? "policy" : "ran";
    }""")
    markup = console.page.evaluate("""() => {
        try { document.body.innerHTML += "<b>x</b>"; return "taken"; } catch { return "refused"; }
    }""")

    assert stopped in {"types", "policy"}
    assert markup == "refused"
    console.page.evaluate("window.violations = []")  # these two were meant
