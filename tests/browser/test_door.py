"""Who gets in, with what, and what is left of it afterwards."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.console import Console
from tests.browser.fake_api import API_KEY, IDENTITY, FakeApi


def _kept(page: Page) -> str:
    return str(page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})"))


def test_a_right_api_key_signs_in_and_stays_in_memory_alone(
    visit: Visit,
) -> None:
    console = visit()

    expect(console.heading("Overview")).to_be_focused()
    assert API_KEY not in _kept(console.page)
    assert API_KEY not in console.page.content()
    console.page.reload()
    expect(console.heading("Sign in")).to_be_visible()


def test_a_wrong_key_says_so_and_keeps_the_focus(visit: Visit) -> None:
    console = visit(signed_in=False)

    console.sign_in_with_key("wrong")

    expect(console.page.get_by_role("alert")).to_contain_text("This API key is not valid here.")
    expect(console.page.get_by_label("API key")).to_be_focused()


def test_an_empty_sign_in_names_what_is_missing_and_asks_nobody(visit: Visit, api: FakeApi) -> None:
    console = visit(signed_in=False)

    console.button("Sign in").click()

    expect(console.page.get_by_role("alert")).to_contain_text("API key is missing.")
    assert api.asked == []


def test_a_kept_key_survives_a_reload_until_sign_out(visit: Visit) -> None:
    console = visit(signed_in=False)
    console.sign_in_with_key(keep=True)
    expect(console.heading("Overview")).to_be_visible()

    console.page.reload()
    expect(console.heading("Overview")).to_be_visible()
    console.button("Sign out").click()

    expect(console.heading("Sign in")).to_be_visible()
    assert API_KEY not in _kept(console.page)
    console.page.reload()
    expect(console.heading("Sign in")).to_be_visible()


def test_requests_are_signed_as_botocore_signs_them(visit: Visit, api: FakeApi) -> None:
    api.way = "AWS_IAM"
    console = visit(
        signed_in=False, at="#/executions?status=unknown%2Cfailed&actionId=a%20b%2Fc%27(!)*%2B~&from=2026-01-01T10:00"
    )

    console.sign_in_with_aws()

    expect(console.page.get_by_text("Nothing fits these filters")).to_be_visible()
    assert any("actionId=a%20b%2Fc%27%28%21%29%2A%2B~" in each for each in api.asked)
    assert IDENTITY.secret_key not in _kept(console.page)


def test_a_signed_decision_carries_the_hash_of_its_body(visit: Visit, api: FakeApi) -> None:
    api.way = "AWS_IAM"
    unknown = next(trail for trail in api.day.trails.values() if trail.status == "unknown")
    console = visit(signed_in=False, at=f"#/executions/{unknown.execution_id}")
    console.sign_in_with_aws()

    console.button("Resolve").click()
    console.page.get_by_role("radio", name="completed").check()
    console.page.get_by_label("Result, as JSON").fill('{"grüße": ["💶", 1.50]}')
    console.button("Put on record").click()

    expect(console.card("Summary")).to_contain_text("completed")
    assert api.bodies == [{"status": "completed", "result": {"grüße": ["💶", 1.5]}}]


def test_a_wrong_secret_names_the_part_that_does_not_fit(visit: Visit, api: FakeApi) -> None:
    api.way = "AWS_IAM"
    console = visit(signed_in=False)

    console.sign_in_with_aws(secret="wrong")

    expect(console.page.get_by_role("alert")).to_contain_text(
        "the secret access key does not belong to this access key"
    )


EXPORTS = (
    f'export AWS_ACCESS_KEY_ID="{IDENTITY.access_key}"\nexport AWS_SECRET_ACCESS_KEY="{IDENTITY.secret_key}"\n'
    f'export AWS_SESSION_TOKEN="{IDENTITY.token}"'
)
ASSUMED = json.dumps(
    {
        "Credentials": {
            "AccessKeyId": IDENTITY.access_key,
            "SecretAccessKey": IDENTITY.secret_key,
            "SessionToken": IDENTITY.token,
            "Expiration": "2026-11-27T21:00:00+00:00",
        },
        "AssumedRoleUser": {"AssumedRoleId": "AROA:kim", "Arn": "arn:aws:sts::123456789012:assumed-role/operators/kim"},
    },
    indent=4,
)


def _paste(console: Console, field: str, text: str) -> None:
    console.page.get_by_label(field).evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


@pytest.mark.parametrize("block", [EXPORTS, ASSUMED], ids=["exports", "assume-role"])
def test_pasted_credentials_fill_all_fields(visit: Visit, api: FakeApi, block: str) -> None:
    api.way = "AWS_IAM"
    console = visit(signed_in=False)

    _paste(console, "Access key id", block)
    console.button("Sign in").click()

    expect(console.heading("Overview")).to_be_visible()


def test_a_pasted_stack_json_signs_in_either_way(visit: Visit, api: FakeApi) -> None:
    stack = {"apiUrl": api.url, "accessKeyId": "local", "secretAccessKey": "s", "apiKey": API_KEY, "pids": [1]}
    console = visit(signed_in=False)
    _paste(console, "API key", json.dumps(stack))
    console.button("Sign in").click()
    expect(console.heading("Overview")).to_be_visible()

    api.way = "AWS_IAM"
    console = visit(signed_in=False)
    _paste(console, "Access key id", json.dumps(stack))
    expect(console.page.get_by_label("Access key id")).to_have_value("local")
    expect(console.page.get_by_label("Secret access key")).to_have_value("s")
    expect(console.page.get_by_label("Session token")).to_have_value("")


def test_other_pasted_text_stays_what_it_is(visit: Visit, api: FakeApi) -> None:
    api.way = "AWS_IAM"
    console = visit(signed_in=False)

    for text in ("AKIAEXAMPLE", "{}", "[1]", "null", '{"Credentials": 7}', '{"accessKeyId": "only half"}'):
        _paste(console, "Access key id", text)

    expect(console.page.get_by_label("Access key id")).to_have_value("")


def test_expired_credentials_lead_to_sign_in_with_the_reason(visit: Visit, api: FakeApi) -> None:
    console = visit()
    console.settled()

    api.faults["metrics"] = (403, "expired_token", "gone")
    console.refresh()

    expect(console.heading("Sign in")).to_be_visible()
    expect(console.page.get_by_role("alert")).to_contain_text("The session token has expired.")


def test_a_wrong_clock_is_corrected_by_the_apis_date(visit: Visit, api: FakeApi) -> None:
    api.way = "AWS_IAM"
    api.strict_clock = True
    console = visit(signed_in=False)
    console.page.clock.install(time=console.page.evaluate("Date.now()") / 1_000 - 3_600)
    console.page.reload()

    console.sign_in_with_aws()

    expect(console.heading("Overview")).to_be_visible()
