"""Whom to ask and as whom: options, then the environment, or a local world."""

import json
from pathlib import Path

import pytest

from actionrelay_client import SettingsError
from actionrelay_client.settings import find_settings

URL = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1"


def test_options_come_before_the_environment() -> None:
    environment = {"ACTIONRELAY_URL": "https://other.example/v1", "ACTIONRELAY_API_KEY": "other", "AWS_REGION": "x-1"}
    found = find_settings(URL + "/", api_key="mine", region="eu-west-1", environment=environment)
    assert (found.url, found.api_key, found.region) == (URL, "mine", "eu-west-1")


def test_the_environment_is_enough() -> None:
    found = find_settings(environment={"ACTIONRELAY_URL": URL, "ACTIONRELAY_API_KEY": "k", "AWS_REGION": "x-1"})
    assert (found.url, found.api_key, found.region, found.source) == (URL, "k", "eu-central-1", "ACTIONRELAY_URL")


def test_a_domain_of_ones_own_has_the_environments_region() -> None:
    assert (
        find_settings("https://api.example.com", environment={"AWS_DEFAULT_REGION": "eu-west-3"}).region == "eu-west-3"
    )


def test_a_profile_that_is_given_signs() -> None:
    assert find_settings(URL, profile="ops", environment={"ACTIONRELAY_API_KEY": "k"}).api_key is None


def test_nothing_is_said_as_such() -> None:
    with pytest.raises(SettingsError, match="set ACTIONRELAY_URL"):
        find_settings(environment={})


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://127.0.0.1.example.com/v1",
        "ftp://x/v1",
        "api.example.com/v1",
        "https:///v1",
        "https://user:word@x/v1",
        "https://x/v1?stage=1",
        "https://x:port/v1",
    ],
)
def test_a_url_that_could_leak_or_mislead_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        find_settings(url, environment={})


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566/v1", "http://localhost/v1", "http://[::1]:80/v1"])
def test_http_is_for_this_machine(url: str) -> None:
    assert find_settings(url, environment={}).url == url


def test_a_local_world_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = {"apiUrl": "http://127.0.0.1:1/v1", "region": "us-east-1", "accessKeyId": "a", "secretAccessKey": "b"}
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack))
    (tmp_path / "below/deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "below/deeper")
    found = find_settings(local=True, environment={"ACTIONRELAY_URL": URL})
    assert (found.url, found.access_key_id, found.api_key) == ("http://127.0.0.1:1/v1", "a", None)
    assert find_settings(local=tmp_path / ".local", environment={}) == found


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"apiUrl": 1}', None])
def test_a_file_that_describes_no_world_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "stack.json").write_text(text)
    with pytest.raises(SettingsError, match=r"stack\.json"):
        find_settings(local=tmp_path / "stack.json", environment={})
