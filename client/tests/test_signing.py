"""Requests are signed as botocore, and so AWS, would have them signed."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from actionrelay_client import AccessDeniedError, Client, SettingsError
from actionrelay_client.settings import Settings
from actionrelay_client.signing import path_of, query_of, signer_of
from fake_relay import ACCESS_KEY, REGION, SECRET_KEY, FakeRelay

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SIGNER = SigV4Auth(Credentials("a", "b"), "execute-api", "eu-west-1")


@given(st.dictionaries(TEXT.filter(bool), TEXT))
def test_a_query_is_written_as_botocore_signs_it(parameters: dict[str, str]) -> None:
    ours = query_of(parameters)
    theirs = SIGNER.canonical_query_string(AWSRequest("GET", "https://x/v1", params=parameters))
    sent = SIGNER.canonical_query_string(AWSRequest("GET", f"https://x/v1?{ours}" if ours else "https://x/v1"))
    assert ours == theirs == sent
    assert dict(parse_qsl(ours, keep_blank_values=True)) == parameters


@given(TEXT.filter(bool))
def test_a_path_keeps_an_id_in_one_piece(execution_id: str) -> None:
    path = path_of("executions", execution_id)
    assert path.count("/") == 2
    assert urlsplit(f"https://x{path}").path == path


def test_none_is_left_out_and_flags_are_lower_case() -> None:
    assert query_of({"next": None, "dryRun": True, "deep": False, "limit": 5}) == "deep=false&dryRun=true&limit=5"


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch, relay: FakeRelay) -> Client:
    """A client with the AWS environment of its caller."""
    relay.auth = "iam"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_REGION", REGION)
    return Client(relay.url)


def test_every_kind_of_request_is_signed_well(relay: FakeRelay, signed: Client) -> None:
    done = signed.submit("a", {"text": "grüße & more"})
    signed.get(done.execution_id, wait_seconds=1)
    list(signed.list(from_="2026-11-24T13:00:00+01:00", status=["failed", "completed"], action_id="a b/c~d*e'f"))
    list(signed.actions(name="ä+b=c&d"))
    signed.dry_run("a", {})
    signed.audit(done.execution_id, verify=True)
    assert len(relay.seen) == 6


def test_a_session_token_goes_along_signed(relay: FakeRelay, signed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-a-role")
    Client(relay.url).metrics()
    headers = relay.seen[-1][2]
    assert headers["x-amz-security-token"] == "token-of-a-role"
    assert "x-amz-security-token" in headers["authorization"]


def test_a_wrong_secret_is_refused(relay: FakeRelay, signed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(AccessDeniedError) as refused:
        Client(relay.url).metrics()
    assert refused.value.code == "invalid_signature"


def test_a_profile_signs(relay: FakeRelay, signed: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        f"[profile relay]\nregion={REGION}\naws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    Client(relay.url, profile="relay").metrics()
    with pytest.raises(SettingsError, match="nobody"):
        Client(relay.url, profile="nobody")


def test_no_credentials_and_no_region_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="no credentials: set an AWS profile"):
        signer_of(Settings("https://x/v1", region="eu-west-1"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(SettingsError, match="no region"):
        signer_of(Settings("https://x/v1"))


def test_a_key_that_no_header_carries_is_refused() -> None:
    with pytest.raises(SettingsError):
        signer_of(Settings("https://x/v1", api_key="line\nbreak"))


def test_no_secret_is_in_the_settings_text() -> None:
    settings = Settings("https://x/v1", api_key="the-key", secret_access_key="the-secret")
    assert "the-" not in repr(settings)
    assert os.environ.get("AWS_PROFILE") is None
