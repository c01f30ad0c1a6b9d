"""The preflight's checks of the two signing secrets."""

import base64
import json

import pytest

from actionrelay.errors import SecretUnavailableError
from actionrelay.preflight.secrets import (
    DELIVERY_SECRET,
    WEBHOOK_SECRET,
    SigningSecrets,
    StoredSecret,
    check_apart,
    check_signing_secret,
    unreadable_secret,
)
from actionrelay.preflight_check import CheckStatus

NAME = "actionrelay/delivery"
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


@pytest.mark.parametrize(("stored", "held"), [(KEY, "a key"), (json.dumps({"secrets": [KEY, OTHER]}), "2 keys")])
@pytest.mark.parametrize("needed", [True, False])
def test_a_usable_secret_is_fine(stored: str, held: str, *, needed: bool) -> None:
    check = check_signing_secret(DELIVERY_SECRET, stored, NAME, needed=needed)
    assert (check.status, check.detail) == (CheckStatus.OK, f"the secret {NAME} holds {held}")


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("", "it is empty"),
        ("whsec_YWN0aW9u", "a key has 6 bytes"),
        ('{"secrets":["v1,whsec_YWN0aW9u"]}', "a key has 6 bytes"),
        (f'"{KEY}', "it begins like JSON"),
        (KEY.replace("whsec_", "whsk_"), "asymmetric"),
        ("\x00".join(KEY), "invisible"),
    ],
)
def test_an_unusable_secret_is_named_and_not_quoted(stored: str, said: str) -> None:
    checks = [check_signing_secret(WEBHOOK_SECRET, stored, NAME, needed=needed) for needed in (True, False)]
    assert [check.status for check in checks] == [CheckStatus.FAILED, CheckStatus.WARNING]
    for check in checks:
        assert said in check.detail
        assert NAME in check.detail
        assert NAME in str(check.advice)
        assert not any(part in f"{check.detail}{check.advice}" for part in (KEY[6:], "YWN0aW9u"))


def test_a_secret_that_cannot_be_read_says_why() -> None:
    error = SecretUnavailableError(f"the secret {NAME} can't be read", aws_code="ResourceNotFoundException")
    check = unreadable_secret(DELIVERY_SECRET, error, NAME, needed=False)
    assert check.status is CheckStatus.WARNING
    assert "ResourceNotFoundException" in check.detail
    assert "DeliverySecretName" in str(check.advice)


@pytest.mark.parametrize(
    ("webhook", "delivery", "status"),
    [
        (KEY, OTHER, CheckStatus.OK),
        (KEY, KEY, CheckStatus.FAILED),
        (KEY, f"\ufeff{KEY.rstrip('=')}\r\n", CheckStatus.FAILED),
        (json.dumps({"secrets": [OTHER, KEY]}), json.dumps([KEY]), CheckStatus.FAILED),
        ("broken", OTHER, CheckStatus.OK),
        (KEY, "broken", CheckStatus.WARNING),
    ],
)
def test_the_two_secrets_share_no_key(webhook: str, delivery: str, status: CheckStatus) -> None:
    alone = check_signing_secret(DELIVERY_SECRET, delivery, NAME, needed=False)
    assert check_apart(alone, NAME, webhook, delivery).status is status


def _signing(webhook: str, delivery: str | None) -> SigningSecrets:
    def missing() -> str:
        raise SecretUnavailableError("can't be read")

    return SigningSecrets(
        StoredSecret("webhook", lambda: webhook),
        StoredSecret("delivery", missing if delivery is None else lambda: delivery),
    )


@pytest.mark.parametrize(
    ("webhook", "delivery", "needed", "statuses"),
    [
        (KEY, OTHER, True, ["ok", "ok"]),
        (KEY, KEY, True, ["ok", "failed"]),
        ("short", OTHER, True, ["failed", "ok"]),
        ("short", OTHER, False, ["warning", "ok"]),
        (KEY, None, True, ["ok", "warning"]),
        ("short", "short", True, ["failed", "warning"]),
    ],
)
def test_both_secrets_are_looked_at(webhook: str, delivery: str | None, statuses: list[str], *, needed: bool) -> None:
    found = _signing(webhook, delivery).look(results_come_by_webhook=needed)
    assert [found[name].status for name in (WEBHOOK_SECRET, DELIVERY_SECRET)] == statuses
