"""Receivers in a history."""

from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.ledger.receiver import without_path
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
