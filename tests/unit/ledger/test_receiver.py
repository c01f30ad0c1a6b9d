"""Receivers in a history."""

from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.ledger.receiver import receiver_group, without_path
from actionrelay.webhooks.targets import OutboundPolicy, parse_target


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://hooks.example.com/t/s3cret?key=s3cret", "https://hooks.example.com/"),
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("https://hooks.example.com:8443?s3cret", "https://hooks.example.com:8443/"),
        ("https://[2606:4700::1]/s3cret", "https://[2606:4700::1]/"),
    ],
)
def test_a_history_names_host_and_digest(url: str, named: str) -> None:
    assert without_path(url) == f"{named}#sha256={sha256(url.encode()).hexdigest()}"


def test_no_webhook_has_no_name() -> None:
    assert without_path(None) is None


@given(st.text("abc/?&=%-._~", min_size=1, max_size=60), st.text("abc/?&=%-._~", min_size=1, max_size=60))
def test_any_two_urls_have_two_names_of_one_host(one: str, other: str) -> None:
    named = [without_path(f"https://hooks.example.com/{path}") or "" for path in (one, other)]
    assert (named[0] == named[1]) == (one == other)
    assert {parse_target(name.partition("#")[0], OutboundPolicy()).host for name in named} == {"hooks.example.com"}
    assert {urlsplit(name).path for name in named} == {"/"}


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("hooks.example.com", "example.com"),
        ("example.com", "example.com"),
        ("HOOKS.Example.com.:8443", "example.com"),
        ("a.b.c.d.example.com", "example.com"),
        ("hooks.example.co.uk", "example.co.uk"),
        ("a.hooks.example.com.au", "example.com.au"),
        ("hooks.example.de", "example.de"),
        ("hooks.vw.de", "hooks.vw.de"),
        ("7f.execute-api.eu-west-1.amazonaws.com", "7f.execute-api.eu-west-1.amazonaws.com"),
        ("relay.azurewebsites.net", "relay.azurewebsites.net"),
        ("localhost", "localhost"),
        ("hooks.relay.workers.dev", "hooks.relay.workers.dev"),
        ("9.9.9.9", "9.9.9.9"),
        ("[2606:4700::1]:443", "2606:4700::/64"),
        ("[2606:4700:0:0:dead::1]", "2606:4700::/64"),
    ],
)
def test_names_of_one_owner_are_one_group(host: str, group: str) -> None:
    assert receiver_group(f"https://{host}/hook?a=b") == group


def test_no_host_is_no_group() -> None:
    assert receiver_group("https:///hook") is None


@given(st.lists(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), min_size=1, max_size=20))
def test_made_up_names_below_a_domain_are_one_group(labels: list[str]) -> None:
    assert receiver_group(f"https://{'.'.join(labels)}.example.com/") == "example.com"
