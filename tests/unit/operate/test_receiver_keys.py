"""The key that a receiver gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.deliver.delivery import DeliverWebhook
from actionrelay.errors import InvalidRequestError, SecretUnavailableError
from actionrelay.ledger.execution import Execution
from actionrelay.operate.receiver_keys import ReadReceiverKeys
from actionrelay.webhooks.keys import SigningSecret, key_of_receiver, parse_secret
from actionrelay.webhooks.signatures import StandardWebhooksVerifier
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, SECRET, Relay

NEW = SigningSecret(b"n" * 32)
READING = ReadReceiverKeys(lambda: (NEW, SECRET))


@pytest.mark.parametrize(
    ("given_host", "host"),
    [
        ("hooks.example.com", "hooks.example.com"),
        ("HOOKS.Example.com", "hooks.example.com"),
        ("hooks.example.com.", "hooks.example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[2606:4700:0:0::1]", "2606:4700::1"),
        ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_has_a_key_for_each_secret(given_host: str, host: str) -> None:
    keys = [key_of_receiver(secret, host).text for secret in (NEW, SECRET)]
    assert READING.read({"host": given_host}) == {"host": host, "keys": keys}


@pytest.mark.parametrize(
    "query",
    [
        {},
        *(
            {"host": host}
            for host in (
                *(
                    "",
                    " ",
                    "hooks.example.com:443",
                    "hooks.example.com:8443",
                    "hooks.example.com/",
                    "hooks.example.com/a",
                ),
                *("https://hooks.example.com", "user@hooks.example.com", "hooks.example.com?a", "hooks.example.com#a"),
                *("bücher.example", "a b.example", "-.example", "1.2.3", "0x7f.1", "[::1", "::1", "a" * 3_000, "a\\b"),
            )
        ),
    ],
)
def test_what_is_no_host_alone_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        READING.read(query)
    code = "webhook_url" if query else "schema"
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/query/host", code)]


@given(st.text(max_size=40))
def test_any_text_is_a_host_or_refused(text: str) -> None:
    try:
        document = READING.read({"host": text})
    except InvalidRequestError:
        return
    assert (
        READING.read({"host": f"[{document['host']}]" if ":" in str(document["host"]) else str(document["host"])})
        == document
    )


@pytest.mark.parametrize("authority", ["hooks.example.com", "HOOKS.example.com:443", "[2606:4700::1]", "9.9.9.9"])
def test_the_key_verifies_what_is_delivered(authority: str) -> None:
    relay = Relay()
    relay.given_completed({"total": 3}, webhook_url=f"https://{authority}/hook")
    delivering: DeliverWebhook[Execution] = relay.delivering
    delivering.deliver(EXECUTION_ID)
    [(_, headers, body)] = relay.sender.sent
    keys = ReadReceiverKeys(lambda: (SECRET,)).read({"host": authority.removesuffix(":443")})["keys"]
    assert isinstance(keys, list)
    verifier = StandardWebhooksVerifier(tuple(parse_secret(str(key)) for key in keys))
    verifier.verify({name: [value] for name, value in headers.items()}, body, NOON // 1_000)


def test_without_a_secret_there_is_no_key() -> None:
    def unavailable() -> tuple[SigningSecret, ...]:
        raise SecretUnavailableError("down")

    with pytest.raises(SecretUnavailableError):
        ReadReceiverKeys(unavailable).read({"host": "hooks.example.com"})
