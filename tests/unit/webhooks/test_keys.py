"""Signing secrets as they are stored, and the key for each receiver."""

import base64
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.webhooks.keys import (
    MAX_KEYS,
    MIN_KEY_BYTES,
    SigningSecret,
    key_of_receiver,
    keys_of_receiver,
    parse_secret,
    parse_secrets,
)
from actionrelay.webhooks.signatures import StandardWebhooksVerifier

KEY = bytes(range(32))
OTHER = b"the key before the current one"
TEXT = "whsec_" + base64.b64encode(KEY).decode()
OTHER_TEXT = "whsec_" + base64.b64encode(OTHER).decode()
BOM = "\ufeff"


@pytest.mark.parametrize(
    "stored",
    [
        TEXT,
        TEXT.rstrip("="),
        f"{TEXT}\n",
        f"{TEXT}\r\n",
        f" \t{TEXT} ",
        f"\u00a0{TEXT}\u00a0",
        BOM + TEXT,
        f"{BOM}{TEXT}\r\n",
        f"\n{BOM} {BOM}{TEXT}",
        f"\u200b{TEXT}\u2060",
        f"v1,{TEXT}",
        f"{BOM}v1,{TEXT}\n",
        json.dumps(TEXT),
        json.dumps([TEXT]),
        json.dumps({"secrets": TEXT}),
        json.dumps({"secrets": [TEXT]}),
        json.dumps({"secrets": [TEXT], "note": "rotated in May"}),
        json.dumps({"secrets": [f"v1,{TEXT}"]}),
        json.dumps({"secrets": [f"{BOM}{TEXT}\n"]}),
        BOM + json.dumps({"secrets": [TEXT]}),
        f"\r\n{BOM}" + json.dumps({"secrets": [TEXT]}, indent=2) + "\r\n",
    ],
)
def test_a_secret_is_read_as_it_was_meant(stored: str) -> None:
    assert parse_secrets(stored) == (SigningSecret(KEY),)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (BOM, "empty"),
        ("whsec_", "0 bytes"),
        ("whsec_YWN0aW9u", "6 bytes"),
        ("action", "6 bytes"),
        ("x" * 23, "23 bytes"),
        ('{"secrets": ["v1,whsec_YWN0aW9u"]}', "6 bytes"),
        ('{"secrets": [""]}', "empty"),
        (json.dumps({"secrets": [TEXT, " "]}), "empty"),
        ("{}", "without a key"),
        ('{"secrets": []}', "without a key"),
        ('{"secrets": {}}', "without a key"),
        ('{"secrets": null}', "without a key"),
        ('{"secrets": [null]}', "without a key"),
        ('{"secrets": [1]}', "without a key"),
        (json.dumps({"secret": TEXT}), "without a key"),
        (json.dumps({"clientId": "a", "clientSecret": TEXT}), "without a key"),
        ("[]", "without a key"),
        (f'{{"secrets": ["{TEXT}"]', "is not valid"),
        (f"{{secrets:[{TEXT}]}}", "is not valid"),
        (f'["{TEXT}"', "is not valid"),
        ("[" * 100_000, "is not valid"),
        (f'{{"secrets": ["{TEXT}"], "secrets": ["{OTHER_TEXT}"]}}', "repeats a name"),
        (json.dumps([TEXT] * (MAX_KEYS + 1)), "more than 10"),
        (f"v1,{BOM}{TEXT}", "invisible"),
        ("\x00".join(TEXT), "invisible"),
        (f"{TEXT[:20]}\n{TEXT[20:]}", "invisible"),
        (f"{TEXT[:20]}\u200b{TEXT[20:]}", "invisible"),
        (f"{TEXT}\n{OTHER_TEXT}", "invisible"),
        ("\ud800" * 30, "invisible"),
        ("\ufffd" + "x" * 30 + "\x01", "invisible"),
        (f"'{TEXT}'", "quotes"),
        (f"\u201c{TEXT}\u201d", "quotes"),
        (json.dumps({"secrets": [f'"{TEXT}"']}), "quotes"),
        (f"v1, {TEXT}", "beginning"),
        (f"v2,{TEXT}", "beginning"),
        (TEXT.upper(), "beginning"),
        (f"whsec-{TEXT[6:]}", "beginning"),
        (f"whsec {TEXT[6:]}", "beginning"),
        (f"whsec_{TEXT}", "beginning"),
        (f"SECRET={TEXT}", "beginning"),
        (f"{TEXT},{OTHER_TEXT}", "beginning"),
        (f"{TEXT} {OTHER_TEXT}", "beginning"),
        ("whsec_%%%", "base64"),
        ("whsec_A", "base64"),
        ("whsec_" + "\u00e9" * 44, "base64"),
        ("whsec_" + "-_" * 22, "base64"),
        (f"whsec_{TEXT[6:20]} {TEXT[20:]}", "base64"),
        ("whsk_" + TEXT[6:], "asymmetric"),
        ("whpk_" + TEXT[6:], "asymmetric"),
        (json.dumps([f"whpk_{TEXT[6:]}"]), "asymmetric"),
    ],
)
def test_what_is_no_secret_is_refused_by_name(stored: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_secrets(stored)
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None
    assert not any(part in str(caught.value) for part in (TEXT[6:], TEXT[6:20], "YWN0aW9u", OTHER_TEXT[6:]))


@given(st.binary(min_size=MIN_KEY_BYTES, max_size=80))
def test_a_whsec_secret_is_decoded_base64(key: bytes) -> None:
    encoded = base64.b64encode(key).decode()
    assert parse_secret(f"whsec_{encoded}").key == key
    assert parse_secret(f"whsec_{encoded.rstrip('=')}\n").key == key
    assert parse_secret(SigningSecret(key).text).key == key


@given(st.text())
def test_any_text_is_a_usable_secret_or_refused(stored: str) -> None:
    try:
        secrets = parse_secrets(stored)
    except ValueError as refusal:
        assert type(refusal) is ValueError  # noqa: PT017 - a decoder's own would quote the secret
    else:
        assert all(len(secret.key) >= MIN_KEY_BYTES for secret in secrets)


def test_any_other_text_is_its_utf8_bytes() -> None:
    text = "it's a s\u00e9cret that is long enough"
    assert parse_secret(text).key == text.encode()


def test_a_stored_list_keeps_its_secrets_in_order() -> None:
    assert parse_secrets(json.dumps({"secrets": [TEXT, OTHER_TEXT]})) == (SigningSecret(KEY), SigningSecret(OTHER))


def test_a_secrets_key_is_not_shown() -> None:
    assert "hunter2" not in repr(StandardWebhooksVerifier((parse_secret("hunter2" * 4),)))


# -- Each receiver's own --


def test_a_receivers_key_is_made_as_the_documents_say() -> None:
    expected = hmac.digest(KEY, b"host:hooks.example.com", "sha256")
    assert key_of_receiver(SigningSecret(KEY), "hooks.example.com").key == expected


@given(st.sets(st.from_regex(r"[a-z0-9.:-]{1,40}", fullmatch=True), min_size=2, max_size=2))
def test_no_two_receivers_have_the_same_key(hosts: set[str]) -> None:
    one, other = (key_of_receiver(SigningSecret(KEY), host) for host in hosts)
    assert one != other


def test_a_receiver_has_a_key_for_each_secret() -> None:
    secrets = (SigningSecret(KEY), SigningSecret(OTHER))
    keys = keys_of_receiver(secrets, "hooks.example.com")
    assert keys == tuple(key_of_receiver(secret, "hooks.example.com") for secret in secrets)
    assert len(set(keys) | set(secrets)) == 4
