"""The request of an execution, behind a click, and where its webhook goes."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi


def test_a_request_is_asked_for_by_a_click_and_shown_as_it_came(visit: Visit, api: FakeApi) -> None:
    trail = next(each for each in api.day.newest() if each.webhook_url and each.status == "completed")
    console = visit(at=f"#/executions/{trail.execution_id}")
    expect(console.card("Summary")).to_contain_text("completed")
    assert not any(each.endswith("/request") for each in api.asked)

    card = console.card("Request")
    card.get_by_text("Show the request").click()

    inputs = card.get_by_label("Inputs as JSON")
    expect(inputs).to_contain_text('"customerId": "cust_998877"')
    expect(inputs).to_contain_text('"amount": 10.10')
    expect(inputs).to_contain_text('"reference": 9007199254740993')
    expect(inputs).to_contain_text('"card": "•••"')
    expect(card).to_contain_text("are masked by this deployment (MaskInputs)")
    for fact in ("Timeout1 min", "Laneinteractive", "may do harm (not idempotent)", str(trail.webhook_url)):
        expect(card).to_contain_text(fact)
    expect(card.get_by_label("References as JSON")).to_contain_text('"tax"')
    expect(console.page.get_by_role("region", name="Audit entries")).to_contain_text("request read")


def test_a_receivers_key_is_shown_only_when_asked_for(visit: Visit, api: FakeApi) -> None:
    trail = next(each for each in api.day.newest() if each.webhook_status == "failed")
    console = visit(at=f"#/executions/{trail.execution_id}")
    card = console.card("Request")
    card.get_by_text("Show the request").click()
    expect(card.get_by_label("Inputs as JSON")).to_be_visible()
    expect(card).not_to_contain_text("whsec_")

    card.get_by_text("Show the key that hooks.example.com verifies with").click()

    expect(card).to_contain_text("whsec_b25lIG9mIHRoZW0=")
    assert "GET /webhooks/key?host=hooks.example.com" in api.asked


def test_a_refused_request_says_why_and_can_be_asked_again(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[5]
    api.faults["request"] = (403, "access_denied", "no")
    console = visit(at=f"#/executions/{trail.execution_id}")
    card = console.card("Request")
    card.get_by_text("Show the request").click()
    expect(card).to_contain_text("lacks execute-api:Invoke")

    api.faults.clear()
    card.get_by_text("Show the request").click()
    card.get_by_text("Show the request").click()

    expect(card.get_by_label("Inputs as JSON")).to_be_visible()


def test_hostile_inputs_stay_text(visit: Visit, api: FakeApi) -> None:
    trail = api.day.newest()[5]
    trail.inputs = '{"<img src=x onerror=\\"window.hit=1\\">": "<script>window.hit=1</script>"}'
    trail.webhook_url = "javascript:window.hit=1"
    console = visit(at=f"#/executions/{trail.execution_id}")

    console.card("Request").get_by_text("Show the request").click()

    expect(console.card("Request").get_by_label("Inputs as JSON")).to_contain_text("<script>window.hit=1</script>")
    assert console.page.evaluate("window.hit") is None
    assert console.page.locator("main img, main script").count() == 0
