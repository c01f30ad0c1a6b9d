"""A deployment for each test that wants one, and nothing of this machine's AWS settings or proxies."""

import os
from collections.abc import Iterator

import pytest

from actionrelay_client import Client
from actionrelay_client.repeats import Repeats
from actionrelay_client.settings import Settings
from actionrelay_client.signing import KeySigner
from actionrelay_client.transport import Transport
from fake_relay import API_KEY, FakeRelay
from fake_time import Time


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "ACTIONRELAY_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def relay() -> Iterator[FakeRelay]:
    with FakeRelay() as relay:
        yield relay


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
def client(relay: FakeRelay, time_: Time) -> Iterator[Client]:
    transport = Transport(relay.url, KeySigner(API_KEY), Repeats(), monotonic=time_.monotonic, sleep=time_.sleep)
    with Client(settings=Settings(relay.url, api_key=API_KEY), transport=transport) as client:
        yield client
