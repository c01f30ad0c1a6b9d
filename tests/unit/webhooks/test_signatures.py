"""Signatures: what was signed is accepted, and everything else is refused in one and the same way."""

import base64
import binascii
import hashlib
import hmac
import json
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import example, given
from hypothesis import strategies as st

from actionrelay.errors import UnauthenticWebhookError
from actionrelay.webhooks.keys import SigningSecret, parse_secret
from actionrelay.webhooks.signatures import (
    HubSignatureVerifier,
    StandardWebhooks,
    StandardWebhooksVerifier,
    VerifiedWebhook,
    Verifier,
)

NOW = 1_790_000_000
WEBHOOK_ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
BODY = b'{"executionId":"0d0ac2b5-5f3c-4b1e-9a53-0a4a5c2b7e11","status":"completed","result":{"n":1}}'
SECRET = SigningSecret(bytes(range(32)))
OLDER_SECRET = SigningSecret(b"the one before the current one")
STRANGER = SigningSecret(b"nobody gave this one to us")

ids = st.text(st.sampled_from(string.ascii_letters + string.digits + "_-:/+="), min_size=1, max_size=256)
secrets = st.binary(min_size=1, max_size=80).map(SigningSecret)


def signed(
    secret: SigningSecret = SECRET, webhook_id: str = WEBHOOK_ID, timestamp: int = NOW, body: bytes = BODY
) -> dict[str, list[str]]:
    return {name: [value] for name, value in StandardWebhooks.headers([secret], webhook_id, timestamp, body).items()}


def refusal(verifier: Verifier, headers: Mapping[str, Sequence[str]], body: bytes = BODY, now: int = NOW) -> object:
    """The reason for a refusal; fails when there is none."""
    with pytest.raises(UnauthenticWebhookError) as caught:
        verifier.verify(headers, body, now)
    return caught.value.context["reason"]


STANDARD = StandardWebhooksVerifier((SECRET,))
HUB = HubSignatureVerifier((SECRET,))


@pytest.mark.parametrize("verifier", [StandardWebhooksVerifier, HubSignatureVerifier])
def test_a_verifier_without_secrets_is_refused(
    verifier: type[StandardWebhooksVerifier | HubSignatureVerifier],
) -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        verifier(())


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        StandardWebhooksVerifier((SECRET,), tolerance_seconds=-1)


# -- Signing ------------------------------------------------------------------------------------------------


def test_the_published_vector_has_the_published_signature() -> None:
    secret = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signature = StandardWebhooks.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(secret=secrets, webhook_id=ids, body=st.binary(max_size=200), drift=st.integers(-300, 300))
def test_anything_signed_in_time_is_authentic(secret: SigningSecret, webhook_id: str, body: bytes, drift: int) -> None:
    headers = signed(secret, webhook_id, NOW, body)

    verified = StandardWebhooksVerifier((secret,)).verify(headers, body, NOW + drift)

    assert verified == VerifiedWebhook(webhook_id, NOW)


@pytest.mark.parametrize("webhook_id", ["", "a.b", "a b", "a\n", "é", "x" * 257])
def test_signing_an_id_that_no_verifier_takes_is_a_bug(
    webhook_id: str,
) -> None:
    with pytest.raises(ValueError, match="webhook id"):
        StandardWebhooks.sign(SECRET, webhook_id, NOW, BODY)


def test_signing_a_negative_timestamp_is_a_bug() -> None:
    with pytest.raises(ValueError, match="timestamp"):
        StandardWebhooks.sign(SECRET, WEBHOOK_ID, -1, BODY)


def test_signing_without_a_secret_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one"):
        StandardWebhooks.headers([], WEBHOOK_ID, NOW, BODY)


# -- The published package, both ways -----------------------------------------------------------------------


@given(key=st.binary(min_size=24, max_size=64), body=st.dictionaries(st.text(), st.integers()))
def test_the_published_package_verifies_our_headers(key: bytes, body: dict[str, int]) -> None:
    content = json.dumps(body).encode()
    now = int(datetime.now(UTC).timestamp())
    headers = StandardWebhooks.headers([STRANGER, SigningSecret(key)], WEBHOOK_ID, now, content)

    assert standardwebhooks.Webhook(key).verify(content, headers) == body


@given(key=st.binary(min_size=24, max_size=64), body=st.text(max_size=200))
def test_we_verify_what_the_published_package_signs(key: bytes, body: str) -> None:
    signature = standardwebhooks.Webhook(key).sign(WEBHOOK_ID, datetime.fromtimestamp(NOW, UTC), body)
    headers = {
        "Webhook-Id": [WEBHOOK_ID],
        "Webhook-Timestamp": [str(NOW)],
        "Webhook-Signature": [signature],
    }

    verified = StandardWebhooksVerifier((SigningSecret(key),)).verify(headers, body.encode(), NOW)

    assert verified == VerifiedWebhook(WEBHOOK_ID, NOW)


# -- Standard Webhooks: what is accepted --------------------------------------------------------------------


@pytest.mark.parametrize("change", [str.upper, str.title, str.lower])
def test_header_names_are_found_in_any_case(change: object) -> None:
    assert callable(change)
    headers = {change(name): values for name, values in signed().items()}

    assert STANDARD.verify(headers, BODY, NOW).webhook_id == WEBHOOK_ID


def test_any_current_secret_of_a_rotation_is_authentic() -> None:
    rotating = StandardWebhooksVerifier((SECRET, OLDER_SECRET))

    assert rotating.verify(signed(SECRET), BODY, NOW).webhook_id == WEBHOOK_ID
    assert rotating.verify(signed(OLDER_SECRET), BODY, NOW).webhook_id == WEBHOOK_ID
    assert refusal(rotating, signed(STRANGER)) == "mismatch"


def test_foreign_signatures_beside_ours_are_skipped() -> None:
    ours = StandardWebhooks.sign(SECRET, WEBHOOK_ID, NOW, BODY)
    foreign = StandardWebhooks.sign(STRANGER, WEBHOOK_ID, NOW, BODY)
    headers = signed() | {"webhook-signature": [f"v1a,bm90IG91cnM= {foreign} {ours} v2,x"]}

    assert STANDARD.verify(headers, BODY, NOW).webhook_id == WEBHOOK_ID


def test_a_value_that_is_no_list_is_one_value() -> None:
    headers = StandardWebhooks.headers([SECRET], WEBHOOK_ID, NOW, BODY)

    assert STANDARD.verify(headers, BODY, NOW).webhook_id == WEBHOOK_ID


# -- Standard Webhooks: what is refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "reason"), [(NOW + 301, "stale"), (NOW - 301, "future"), (0, "future"), (10**15, "stale")]
)
def test_a_time_out_of_tolerance_is_refused(now: int, reason: str) -> None:
    assert refusal(STANDARD, signed(), now=now) == reason


def test_a_changed_byte_of_the_body_is_refused() -> None:
    headers = signed()
    for position in range(len(BODY)):
        for flipped in range(1, 256):
            forged = bytearray(BODY)
            forged[position] ^= flipped
            assert refusal(STANDARD, headers, bytes(forged)) == "mismatch"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_changed_character_of_a_header_is_refused(name: str) -> None:
    headers = signed()
    [value] = headers[name]
    alphabet = [*map(chr, range(256)), "\u0661", "\uff11", "\u212a", "\ud800", ""]
    for position, original in enumerate(value):
        for other in alphabet:
            if other != original:
                forged = value[:position] + other + value[position + 1 :]
                refusal(STANDARD, headers | {name: [forged]})


@given(st.data())
def test_an_inserted_character_is_refused(data: st.DataObject) -> None:
    headers = signed()
    name = data.draw(st.sampled_from(sorted(headers)))
    [value] = headers[name]
    position = data.draw(st.integers(0, len(value)))

    forged = value[:position] + data.draw(st.characters()) + value[position:]

    refusal(STANDARD, headers | {name: [forged]})


def test_moved_borders_under_a_signature_are_refused() -> None:
    stolen = signed(webhook_id="a", body=str(NOW).encode() + b"." + BODY)
    headers = stolen | {"webhook-id": [f"a.{NOW}"]}

    assert refusal(STANDARD, headers, BODY) == "malformed_id"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (None, "missing_header"),
        ([], "missing_header"),
        (["same", "same"], "repeated_header"),
        (["one", "other"], "repeated_header"),
    ],
)
def test_a_missing_header_is_refused(name: str, values: list[str] | None, reason: str) -> None:
    headers = {key: value for key, value in signed().items() if key != name}
    if values is not None:
        headers[name] = values

    assert refusal(STANDARD, headers) == reason


def test_a_repeated_header_in_another_case_is_refused() -> None:
    headers = signed()

    assert refusal(STANDARD, headers | {"Webhook-Id": headers["webhook-id"]}) == "repeated_header"


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "-1",
        "+1790000000",
        "01790000000",
        "1790000000.0",
        "1.79e9",
        "1_790_000_000",
        " 1790000000",
        "1790000000\n",
        "1790000000,1790000000",
        "\u0661\u0667\u0669",
        "0x6AB1",
        "9" * 13,
        "9" * 5000,
        "nan",
        "inf",
        "now",
    ],
)
def test_a_timestamp_of_another_form_is_refused(timestamp: str) -> None:
    assert refusal(STANDARD, signed() | {"webhook-timestamp": [timestamp]}) == "malformed_timestamp"


@pytest.mark.parametrize("webhook_id", ["", " ", "a b", "a.b", "é", "\x00", "x" * 257, "a\nb"])
def test_an_id_of_another_form_is_refused(webhook_id: str) -> None:
    assert refusal(STANDARD, signed() | {"webhook-id": [webhook_id]}) == "malformed_id"


VALID_SIGNATURE = signed()["webhook-signature"][0]


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("", "malformed_signature"),
        (" ", "malformed_signature"),
        ("v1", "malformed_signature"),
        ("v1,", "malformed_signature"),
        (",", "malformed_signature"),
        ("v1,AAAA", "malformed_signature"),
        ("v1,%%%%", "malformed_signature"),
        ("v1=" + VALID_SIGNATURE[3:], "malformed_signature"),
        (VALID_SIGNATURE[3:], "malformed_signature"),
        (VALID_SIGNATURE.rstrip("="), "malformed_signature"),
        (VALID_SIGNATURE + "=", "malformed_signature"),
        (VALID_SIGNATURE + "\n", "malformed_signature"),
        (VALID_SIGNATURE + "," + VALID_SIGNATURE, "malformed_signature"),
        ("v1,\ud800", "malformed_signature"),
        ("v1,é", "malformed_signature"),
        (" ".join([VALID_SIGNATURE] * 1000), "malformed_signature"),
        ("V1" + VALID_SIGNATURE[2:], "unknown_version"),
        ("v2" + VALID_SIGNATURE[2:], "unknown_version"),
        ("v1a" + VALID_SIGNATURE[2:], "unknown_version"),
        ("v1," + "A" * 43 + "=", "mismatch"),
    ],
)
def test_a_signature_of_another_form_is_refused(signature: str, reason: str) -> None:
    assert refusal(STANDARD, signed() | {"webhook-signature": [signature]}) == reason


@pytest.mark.parametrize(
    "entries",
    [
        "v1,AAAA {good}",
        "{good} v1,AAAA",
        "v1,AAAA v2,{bare}  {good} junk",
        "v2,{bare} {good}",
        "{good}  ",
        "  {good}",
        "v1a,key:sig {good}",
        "v1,{bare}, {good}",
        ", , {good}",
        "junk=1 {good} \u00e9",
        "v1, {good}",
    ],
)
def test_what_is_not_understood_is_skipped(entries: str) -> None:
    header = entries.format(good=VALID_SIGNATURE, bare=VALID_SIGNATURE[3:])
    assert STANDARD.verify(signed() | {"webhook-signature": [header]}, BODY, NOW).webhook_id == WEBHOOK_ID


def test_changed_unused_base64_bits_are_refused() -> None:
    raw = base64.b64decode(VALID_SIGNATURE[3:])
    forms = [
        f"{VALID_SIGNATURE[:-2]}{last}="
        for last in string.ascii_letters + string.digits + "+/"
        if base64.b64decode(f"{VALID_SIGNATURE[3:-2]}{last}=") == raw
    ]

    accepted = [one for one in forms if one == VALID_SIGNATURE]
    refused = [one for one in forms if one != VALID_SIGNATURE]

    assert len(accepted) == 1
    assert len(refused) == 3
    assert {refusal(STANDARD, signed() | {"webhook-signature": [one]}) for one in refused} == {"mismatch"}


any_headers = st.dictionaries(
    st.one_of(
        st.sampled_from(["webhook-id", "WEBHOOK-TIMESTAMP", "webhook-signature", "X-Hub-Signature-256"]),
        st.text(st.characters(exclude_categories=[])),
    ),
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=[])),
            st.from_regex(r"v1,[A-Za-z0-9+/=]*( v1,[A-Za-z0-9+/=]*)*", fullmatch=True),
            st.from_regex(r"sha256=[A-Za-z0-9+/=]*", fullmatch=True),
            st.integers().map(str),
            st.just(str(NOW)),
        ),
        max_size=3,
    ),
)


@given(headers=any_headers, body=st.binary(max_size=50), now=st.integers())
@example(
    headers={"webhook-id": ["a"], "webhook-timestamp": [str(NOW)], "webhook-signature": [""]},
    body=b"",
    now=NOW,
)
def test_junk_is_unauthentic_and_nothing_else(headers: dict[str, list[str]], body: bytes, now: int) -> None:
    assert isinstance(refusal(STANDARD, headers, body, now), str)
    assert isinstance(refusal(HUB, headers, body, now), str)


def test_given_a_refusal_when_shown_then_it_carries_no_signature() -> None:
    with pytest.raises(UnauthenticWebhookError) as caught:
        STANDARD.verify(signed(STRANGER), BODY, NOW)

    assert caught.value.context == {"reason": "mismatch", "header": "webhook-signature"}
    assert signed(STRANGER)["webhook-signature"][0][3:] not in str(caught.value)


# -- The hub scheme -----------------------------------------------------------------------------------------


def hub_mac(secret: SigningSecret = SECRET, body: bytes = BODY) -> bytes:
    return hmac.new(secret.key, body, hashlib.sha256).digest()


def hub(digest: str) -> dict[str, list[str]]:
    return {"X-Hub-Signature-256": [f"sha256={digest}"]}


@given(body=st.binary(max_size=200), secret=secrets)
def test_a_hub_signature_in_hex_or_base64_is_authentic(body: bytes, secret: SigningSecret) -> None:
    verifier = HubSignatureVerifier((OLDER_SECRET, secret))
    mac = hub_mac(secret, body)

    for digest in (mac.hex(), mac.hex().upper(), base64.b64encode(mac).decode()):
        assert verifier.verify(hub(digest), body, NOW) == VerifiedWebhook(webhook_id=None, timestamp=None)


@pytest.mark.parametrize("digest", [hub_mac().hex(), base64.b64encode(hub_mac()).decode()])
def test_a_changed_character_of_a_hub_signature_is_refused(digest: str) -> None:
    value = f"sha256={digest}"
    hexadecimal = len(digest) == 64
    for position, original in enumerate(value):
        for other in [*map(chr, range(256)), "\u0661", "\ud800", ""]:
            same = other.lower() == original and hexadecimal and position >= len("sha256=")
            if other != original and not same:
                refusal(HUB, {"x-hub-signature-256": [value[:position] + other + value[position + 1 :]]})


def test_a_changed_byte_of_a_hub_body_is_refused() -> None:
    headers = hub(hub_mac().hex())
    for position in range(len(BODY)):
        for flipped in range(1, 256):
            forged = bytearray(BODY)
            forged[position] ^= flipped
            assert refusal(HUB, headers, bytes(forged)) == "mismatch"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing_header"),
        ({"x-hub-signature": ["sha1=00"]}, "missing_header"),
        ({"x-hub-signature-256": [hub_mac().hex()]}, "malformed_signature"),
        ({"x-hub-signature-256": [f"SHA256={hub_mac().hex()}"]}, "malformed_signature"),
        ({"x-hub-signature-256": [f"sha1={hub_mac().hex()}"]}, "malformed_signature"),
        (hub(""), "malformed_signature"),
        (hub(hub_mac().hex()[:-1]), "malformed_signature"),
        (hub(hub_mac().hex() + "0"), "malformed_signature"),
        (hub(base64.b64encode(hub_mac()).decode().rstrip("=")), "malformed_signature"),
        (hub(base64.urlsafe_b64encode(b"\xff" * 32).decode()), "malformed_signature"),
        (hub("\u017f" * 64), "malformed_signature"),
        (hub("\ud800"), "malformed_signature"),
        (hub(binascii.hexlify(hub_mac(STRANGER)).decode()), "mismatch"),
        (hub(base64.b64encode(hub_mac(STRANGER)).decode()), "mismatch"),
        ({"x-hub-signature-256": [f"sha256={hub_mac().hex()}"] * 2}, "repeated_header"),
    ],
)
def test_a_hub_header_of_another_form_is_refused(headers: dict[str, list[str]], reason: str) -> None:
    assert refusal(HUB, headers) == reason


# -- Time taken ---------------------------------------------------------------------------------------------


def test_an_early_match_still_compares_all_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []
    original = hmac.compare_digest

    def counting(one: str, other: str) -> bool:
        compared.append(one)
        return original(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)

    StandardWebhooksVerifier((SECRET, OLDER_SECRET, STRANGER)).verify(signed(), BODY, NOW)

    assert len(compared) == 3
