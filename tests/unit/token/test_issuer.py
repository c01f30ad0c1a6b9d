"""Requesting a token: how a client is identified, how a rotated secret is noticed, and how long a request may take."""

import base64
import socket
import threading
import time
from collections.abc import Sequence

import pytest

from actionrelay.errors import CredentialsRefusedError, TokenUnavailableError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.http import new_pool
from actionrelay.token.login_http import ClientCredentialsIssuer
from tests.fakes.chance import NOON
from tests.fakes.loopback import LoopbackServer, Script, answering, silent

GRANTED = answering(200, b'{"access_token":"the-token","expires_in":300}')
REFUSED = answering(401, b'{"error":"invalid_client"}')
OLD = '{"clientId":"me","clientSecret":"old"}'
ROTATED = '{"clientId":"me","clientSecret":"rotated"}'
ANOTHER = '{"clientId":"somebody else","clientSecret":"rotated"}'


class KeptSecret:
    """A secret of which the first of ``values`` was read a while ago; each time it is forgotten the next is read."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.forgotten = 0

    def value(self) -> str:
        return self.values[0]

    def forget(self) -> None:
        self.forgotten += 1
        if len(self.values) > 1:
            self.values.pop(0)


def issuer(url: str, secret: KeptSecret, name: str = "genesys") -> ClientCredentialsIssuer:
    return ClientCredentialsIssuer(new_pool(), url, GenesysApi.INTEGRATIONS, name, secret.value, secret.forget)


def in_turn(*scripts: Script) -> Script:
    """Answer one request after the other."""
    left = list(scripts)

    def script(connection: socket.socket, over: threading.Event) -> None:
        left.pop(0)(connection, over)

    return script


def basic(requests: Sequence[bytes]) -> list[str]:
    """The credentials of each request."""
    lines = [line for request in requests for line in request.split(b"\r\n") if line.startswith(b"Authorization: ")]
    return [base64.b64decode(line.removeprefix(b"Authorization: Basic ")).decode() for line in lines]


# -- Rotation --


def test_a_rotated_secret_is_tried_at_once() -> None:
    with LoopbackServer(in_turn(REFUSED, GRANTED)) as server:
        token = issuer(server.url, KeptSecret(OLD, ROTATED)).request(NOON)
    assert basic(server.requests) == ["me:old", "me:rotated"]
    assert token.value == "the-token"


def test_an_unchanged_secret_is_not_tried_again() -> None:
    secret = KeptSecret(OLD)
    with LoopbackServer(REFUSED) as server, pytest.raises(CredentialsRefusedError):
        issuer(server.url, secret).request(NOON)
    assert (len(server.requests), secret.forgotten) == (1, 1)


def test_a_rotated_secret_refused_too_is_the_end() -> None:
    with LoopbackServer(in_turn(REFUSED, REFUSED)) as server, pytest.raises(CredentialsRefusedError) as refused:
        issuer(server.url, KeptSecret(OLD, ROTATED)).request(NOON)
    assert len(server.requests) == 2
    assert "rotated" not in repr((refused.value, refused.value.context))


def test_a_rotation_to_another_client_yields_its_token() -> None:
    secret = KeptSecret(OLD, ANOTHER)
    with LoopbackServer(in_turn(REFUSED, GRANTED)) as server:
        asked = issuer(server.url, secret)
        before = asked.issuer
        token = asked.request(NOON)
    assert token.issuer == asked.issuer != before


def test_a_mended_secret_is_found_at_the_next_look() -> None:
    asked = issuer("http://127.0.0.1:1", KeptSecret("{}", OLD))
    with pytest.raises(CredentialsRefusedError):
        assert asked.issuer
    assert asked.issuer


# -- Names --


def test_clients_of_one_secret_name_have_different_issuers() -> None:
    url = "http://127.0.0.1:1"
    ours = issuer(url, KeptSecret(OLD)).issuer
    assert issuer(url, KeptSecret(ANOTHER)).issuer != ours
    assert issuer("http://127.0.0.1:2", KeptSecret(OLD)).issuer != ours
    assert issuer(url, KeptSecret(ROTATED), name="of another stack").issuer == ours
    assert "me" not in ours


# -- Time --


def test_without_enough_time_no_request_is_made() -> None:
    with LoopbackServer(GRANTED) as server, pytest.raises(TokenUnavailableError, match="no time"):
        issuer(server.url, KeptSecret(OLD)).request(NOON, 499)
    assert server.requests == []


def test_a_silent_host_is_given_up_in_time() -> None:
    begun = time.monotonic()
    with LoopbackServer(silent) as server, pytest.raises(TokenUnavailableError, match="gave no answer"):
        issuer(server.url, KeptSecret(OLD)).request(NOON, 600)
    assert time.monotonic() - begun < 20
