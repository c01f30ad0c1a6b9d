"""Deciding about one execution: what is said beforehand, what is asked for, and what goes out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi
from tests.browser.sample import HOUR
from tests.browser.trails import Trail


def _one(api: FakeApi, fits: Callable[[Trail], bool]) -> Trail:
    return next(trail for trail in api.day.newest() if fits(trail))


def _unknown(api: FakeApi, *, hook: bool = True) -> Trail:
    trail = api.day.opened(HOUR / 2, hook=hook).step("attempt_started", 200).step("unknown", 65_000)
    return trail.broke("no_answer", "Genesys Cloud did not answer")


def test_a_retry_of_an_unknown_asks_again_by_default(visit: Visit, api: FakeApi) -> None:
    trail = _unknown(api)
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Retry").click()
    dialog = console.page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", name="Ask again")).to_be_checked()
    expect(dialog).to_contain_text("under the same id")
    expect(dialog).to_contain_text("Nothing runs twice")
    dialog.get_by_role("radio", name="Run it again").check()
    console.button("Run it again, maybe twice").click()

    expect(console.card("Summary")).to_contain_text("queued")
    assert api.bodies == [{"again": True}]


def test_asking_again_sends_no_wish_to_run_it_again(visit: Visit, api: FakeApi) -> None:
    trail = _unknown(api)
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Retry").click()
    console.page.get_by_role("button", name="Ask again").click()

    expect(console.card("Summary")).to_contain_text("queued")
    assert api.bodies == [None]


def test_another_contract_says_that_it_may_run_twice(visit: Visit, api: FakeApi) -> None:
    api.contract = "integrations"
    trail = _unknown(api, hook=False)
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.button("Retry").click()

    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_contain_text("If it ran, it runs twice")
    expect(dialog).to_contain_text("no id to ask about")
    expect(dialog.get_by_role("radio")).to_have_count(0)


@pytest.mark.parametrize("decision", ["Retry", "Resolve"])
def test_only_an_asked_for_webhook_is_promised(visit: Visit, api: FakeApi, decision: str) -> None:
    silent, hooked = _unknown(api, hook=False), _unknown(api, hook=True)
    console = visit()
    dialog = console.page.get_by_role("dialog")

    for trail, promised in ((silent, False), (hooked, True)):
        console.move(f"#/executions/{trail.execution_id}")
        expect(console.heading(trail.execution_id)).to_be_visible()
        console.button(decision).click()
        expect(dialog).to_contain_text(trail.execution_id)
        assert ("webhook" in dialog.inner_text()) is promised
        console.page.keyboard.press("Escape")


def test_resolve_preselects_nothing_and_says_what_is_missing(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/executions/{_unknown(api).execution_id}")

    console.button("Resolve").click()
    for name in ("completed", "failed"):
        expect(console.page.get_by_role("radio", name=name)).not_to_be_checked()
    expect(console.page.get_by_label("Result, as JSON")).to_be_hidden()
    console.button("Put on record").click()

    expect(console.page.get_by_role("dialog").get_by_role("alert")).to_have_text(
        "Say how it ended: completed or failed."
    )
    assert api.bodies == []


def test_a_resolved_result_goes_out_with_the_numbers_as_typed(visit: Visit, api: FakeApi) -> None:
    console = visit(at=f"#/executions/{_unknown(api).execution_id}")

    console.button("Resolve").click()
    console.page.get_by_role("radio", name="completed").check()
    console.page.get_by_label("Result, as JSON").fill('{"id": 9007199254740993, "amount": 10.10}')
    with console.page.expect_request(re.compile("resolve$")) as sent:
        console.button("Put on record").click()

    assert sent.value.post_data == '{"status":"completed","result":{"id": 9007199254740993, "amount": 10.10}}'


def test_an_acknowledged_one_leaves_the_attention_page(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.status == "failed")
    console = visit(at="#/attention")

    console.button(f"Acknowledge {trail.execution_id[:8]}").click()
    console.page.get_by_label("Note").fill("the caller knows")
    console.page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()

    expect(console.page.locator(".toast")).to_contain_text("is acknowledged.")
    expect(console.page.get_by_title(trail.execution_id)).to_have_count(0)
    assert api.bodies == [{"note": "the caller knows"}]
    console.move(f"#/executions/{trail.execution_id}")
    expect(console.page.get_by_role("region", name="Audit entries")).to_contain_text("the caller knows")


def test_a_pending_delivery_counts_down_and_is_tried_now(visit: Visit, api: FakeApi) -> None:
    trail = _one(api, lambda each: each.next_delivery_at is not None)
    console = visit(at=f"#/executions/{trail.execution_id}")

    expect(console.card("Summary")).to_contain_text(re.compile(r"pending next try in 2\d min"))
    console.button("Try now").click()
    expect(console.page.get_by_role("dialog")).to_contain_text("Its next try is made now.")
    console.button("Try it now").click()

    expect(console.card("Summary")).to_contain_text("is being delivered")
    assert any(each.endswith(f"{trail.execution_id}/webhook/redeliver") for each in api.asked)


REASONS = {
    "rate": "Waits for its turn: a worker, and a permit of the rate gate.",
    "lane": "its lane shares the rate with the other one. All that waits in its lane has had its turn ≈ in ",
    "paused": "Genesys Cloud asked all workers to pause. It goes on in ",
    "retry": "Waits for its next try in ",
    "token": "There was no token for Genesys Cloud at the last try. The next one is in ",
    "lease": "If that worker dies, another takes over in ",
    "webhook": "Without one it becomes unknown in ",
}


def test_every_reason_to_wait_is_said_in_words(visit: Visit, api: FakeApi) -> None:
    console = visit()
    for reason, words in REASONS.items():
        trail = api.day.opened(1_000)
        until = None if reason == "rate" else "2099-01-01T00:00:00.000Z"
        trail.waiting = {"reason": reason, "until": until}
        console.move(f"#/executions/{trail.execution_id}")

        expect(console.card("Summary")).to_contain_text(words)


def test_a_countdown_goes_on_by_itself(visit: Visit, api: FakeApi) -> None:
    trail = api.day.opened(1_000)
    console = visit(signed_in=False, at=f"#/executions/{trail.execution_id}")
    console.page.clock.install(time="2026-11-27T10:00:00Z")
    trail.waiting = {"reason": "retry", "until": "2026-11-27T10:01:00.000Z"}
    console.sign_in_with_key()
    console.page.clock.pause_at("2026-11-27T10:00:20Z")
    waiting = console.page.locator(".waits")
    expect(waiting).to_have_text("Waits for its next try in 40 s.")

    console.page.clock.run_for(40_000)

    expect(waiting).to_have_text("Waits for its next try any moment now.")
