"""Submitting by hand, and the API's own description beside it."""

import json
import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.console import Console
from tests.browser.fake_api import FakeApi

ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"
INPUTS = '{\n  "customerId": "cust_998877",\n  "amount": 10.10,\n  "reference": 9007199254740993\n}'


def _filled(console: Console, inputs: str = INPUTS) -> None:
    console.page.get_by_label("Action id").fill(ACTION)
    console.page.get_by_label("Inputs, as JSON").fill(inputs)


def test_what_was_checked_is_what_is_sent(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/submit")
    expect(console.button("Send")).to_be_disabled()
    console.page.get_by_text("More", exact=True).click()
    expect(console.page.get_by_role("radio", name="interactive")).to_be_checked()
    _filled(console)

    console.button("Check").click()
    expect(console.main).to_contain_text("It would be taken")
    expect(console.page.get_by_label("Checked inputs")).to_contain_text('"amount": 10.10')
    expect(console.button("Send")).to_be_focused()
    console.page.keyboard.press("Enter")

    expect(console.page).to_have_url(re.compile(r"#/executions/[0-9a-f-]{36}$"))
    checked, sent = api.texts
    assert [each for each in api.asked if each.startswith("POST")] == [
        "POST /executions?dryRun=true",
        "POST /executions",
    ]
    assert '"amount": 10.10' in sent
    assert '"reference": 9007199254740993' in sent
    given = json.loads(sent)
    assert len(given.pop("executionId")) == 36
    assert given == json.loads(checked)
    assert given["actionId"] == ACTION


def test_an_edit_after_the_check_calls_for_another(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/submit")
    _filled(console)
    console.button("Check").click()
    expect(console.button("Send")).to_be_enabled()

    console.page.get_by_label("Inputs, as JSON").fill("{}")

    expect(console.button("Send")).to_be_disabled()


def test_a_send_after_a_lost_answer_names_the_same_execution(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/submit")
    _filled(console)
    console.button("Check").click()
    expect(console.button("Send")).to_be_enabled()
    console.page.route(re.compile("/executions$"), lambda route: route.abort(), times=1)
    with console.page.expect_request(re.compile("/executions$")) as lost:
        console.button("Send").click()
    expect(console.main).to_contain_text("The API can't be reached from here.")

    console.button("Send").click()

    expect(console.page).to_have_url(re.compile(r"#/executions/[0-9a-f-]{36}$"))
    assert json.loads(str(lost.value.post_data))["executionId"] == json.loads(api.texts[-1])["executionId"]


def test_faults_are_said_at_their_place_and_lead_there(visit: Visit, api: FakeApi) -> None:
    api.refusal = [
        {"pointer": "/actionId", "code": "schema", "detail": "must be a UUID"},
        {"pointer": "/inputs/items/1/n", "code": "depth", "detail": "is too deep"},
        {"pointer": "/timeout", "code": "schema", "detail": "must be a whole number"},
        {"pointer": "", "code": "schema", "detail": "is odd as a whole"},
    ]
    text = '{\n  "items": [\n    {"n": 1},\n    {"n": 222}\n  ]\n}'
    console = visit(at="#/submit")
    _filled(console, text)

    console.button("Check").click()

    action = console.page.get_by_label("Action id")
    expect(action).to_be_focused()
    expect(action).to_have_attribute("aria-invalid", "true")
    expect(action).to_have_accessible_description(re.compile("must be a UUID"))
    expect(console.page.get_by_label("Timeout, in ms")).to_be_visible()
    expect(console.main).to_contain_text("the request is odd as a whole")
    console.button("Line 4, column 11").click()
    area = console.page.get_by_label("Inputs, as JSON")
    expect(area).to_be_focused()
    assert area.evaluate("each => each.value.slice(each.selectionStart, each.selectionEnd)") == "222"
    expect(console.button("Send")).to_be_disabled()


def test_what_is_no_json_is_said_before_anything_is_asked(visit: Visit, api: FakeApi) -> None:
    console = visit(at="#/submit")
    _filled(console, "{ not JSON")

    console.button("Check").click()

    expect(console.page.get_by_label("Inputs, as JSON")).to_have_accessible_description(re.compile("Not JSON: "))
    assert api.texts == []


def test_the_api_is_described_in_the_console(visit: Visit, api: FakeApi) -> None:
    console = visit()
    console.page.get_by_role("contentinfo").get_by_role("link", name="The API").click()

    console.page.get_by_text("Submit an execution").click()
    expect(console.page.get_by_role("table", name="Parameters").first).to_contain_text("dryRun")
    console.page.get_by_role("button", name="NormalisedRequest").first.click()

    expect(console.page.get_by_role("table", name="Fields of NormalisedRequest")).to_be_visible()
    assert api.asked.count("GET /openapi.json") == 1
