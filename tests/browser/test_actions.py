"""The organisation's actions: found, shown with their contract, and tried by a form that is made from it."""

import json
import re

from playwright.sync_api import expect

from actionrelay.catalogue.state import Problem, Reason
from local.genesys.catalogue import action_id
from tests.browser.conftest import Visit
from tests.browser.fake_api import FakeApi

STATUS, QUOTE = action_id("Get order status"), action_id("Quote shipping")


def _with_catalogue(api: FakeApi) -> None:
    api.contract = "integrations"
    api.catalogue.read()


def test_actions_are_found_by_name_and_category(visit: Visit, api: FakeApi) -> None:
    _with_catalogue(api)
    console = visit(at="#/actions")
    expect(console.main).to_contain_text("11 actions")
    search = console.page.get_by_label("Search by name or category")
    search.fill("FUNC")
    expect(console.main).to_contain_text("2 actions")
    expect(console.main).to_contain_text("Quote shipping")
    search.fill("order")
    console.page.get_by_role("link", name="Get order status").click()
    expect(console.page).to_have_url(re.compile(rf"#/actions/{STATUS}$"))


def test_a_missing_permission_is_said(visit: Visit, api: FakeApi) -> None:
    api.contract = "integrations"
    state = api.catalogue.store.state()
    api.catalogue.store.swap(state, state.begun(Reason.HOURLY, 1).abandoned(Problem.PERMISSION_MISSING))
    console = visit(at="#/actions")
    expect(console.main).to_contain_text("Integrations > Action > View")


def test_a_contract_is_a_table_and_a_form(visit: Visit, api: FakeApi) -> None:
    _with_catalogue(api)
    console = visit(at=f"#/actions/{STATUS}")
    expect(console.page.get_by_role("region", name="Inputs")).to_contain_text("As on the receipt")
    expect(console.main).to_contain_text("true: the action is a GET")
    expect(console.page.get_by_role("link", name="Its executions")).to_have_attribute(
        "href", f"#/executions?actionId={STATUS}"
    )
    console.page.get_by_label("orderId (required)").fill("4711")
    console.page.get_by_label("language").select_option(label="de")
    expect(console.page.get_by_label("The request")).to_contain_text('"language": "de"')

    api.defaults = {"timeout": "20000: the action's own"}
    console.button("Check").click()
    expect(console.main).to_contain_text("It would be taken")
    expect(console.main).to_contain_text("20000: the action's own")
    console.button("Send").click()
    expect(console.page).to_have_url(re.compile(r"#/executions/[0-9a-f-]{36}$"))
    checked, sent = (json.loads(text) for text in api.texts)
    assert checked == {"actionId": STATUS, "inputs": {"orderId": "4711", "language": "de"}}
    assert {name: sent[name] for name in checked} == checked


def test_a_warning_is_at_its_field(visit: Visit, api: FakeApi) -> None:
    _with_catalogue(api)
    console = visit(at=f"#/actions/{QUOTE}")
    address = console.page.get_by_label("address (required)")
    address.fill('{"city": 5}')
    api.warnings = [{"pointer": "/inputs/address/city", "code": "contract", "detail": "must be of type string"}]
    console.button("Check").click()
    expect(console.main).to_contain_text("It would be taken, with warnings")
    expect(address).to_have_attribute("aria-invalid", "true")
    address.fill("{}")
    expect(console.button("Send")).to_be_disabled()


def test_the_other_contract_has_no_such_place(visit: Visit, api: FakeApi) -> None:
    console = visit()
    expect(console.page.get_by_role("navigation", name="Main")).not_to_contain_text("Actions")
