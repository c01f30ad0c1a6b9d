"""The adapters of the token: its parameter, its lease, and the client's secret."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.aws.secret import KEEP_SECONDS, NamedSecret
from actionrelay.errors import SecretUnavailableError, StoreUnavailableError
from actionrelay.token.lease import LEASE_MS, TokenLease
from actionrelay.token.lease_dynamodb import TableTokenLeases
from actionrelay.token.ports import AccessToken
from actionrelay.token.store_ssm import MAX_BYTES, TokenParameter
from tests.fakes.aws import FakeDynamoDb, FakeSecrets, FakeSsm, aws_error
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token

NAME = "/actionrelay/token"
times = st.integers(0, 2**42)
texts = st.text(st.characters(codec="utf-8"), max_size=20)

# -- The token parameter --


def parameter(ssm: FakeSsm) -> TokenParameter:
    return TokenParameter(ssm, NAME)  # type: ignore[arg-type]


def test_a_shared_token_is_a_secure_string() -> None:
    ssm = FakeSsm()
    assert parameter(ssm).read() is None
    parameter(ssm).write(a_token())
    assert parameter(ssm).read() == a_token()
    [put] = ssm.puts
    assert (put["Type"], put["Tier"], put["Overwrite"]) == ("SecureString", "Intelligent-Tiering", True)


def test_a_shared_token_is_under_its_own_key_if_it_has_one() -> None:
    ssm = FakeSsm()
    key = "arn:aws:kms:eu-west-1:123456789012:key/one"
    TokenParameter(ssm, NAME, key).write(a_token())  # type: ignore[arg-type]
    parameter(ssm).write(a_token())
    assert [put.get("KeyId") for put in ssm.puts] == [key, None]


@pytest.mark.parametrize("text", ["", "unset", "[]", "{}", '{"value":"x","scopes":[]}', '{"scopes":5}', "null"])
def test_a_parameter_without_a_token_is_none(text: str) -> None:
    assert parameter(FakeSsm({NAME: text})).read() is None


def test_a_failing_parameter_store_shows_no_token() -> None:
    ssm = FakeSsm()
    ssm.trouble.before("get_parameter", aws_error("ThrottlingException"))
    ssm.trouble.before("put_parameter", aws_error("AccessDeniedException"))
    with pytest.raises(StoreUnavailableError):
        parameter(ssm).read()
    with pytest.raises(StoreUnavailableError) as unavailable:
        parameter(ssm).write(a_token())
    assert a_token().value not in repr((unavailable.value, unavailable.value.context))


@pytest.mark.parametrize("expires_at", ["soon", None, []])
def test_a_parameter_with_foreign_parts_is_none(expires_at: object) -> None:
    text = json.dumps({"value": "v", "expires_at": expires_at, "scopes": [], "issuer": "i", "version": "v"})
    assert parameter(FakeSsm({NAME: text})).read() is None


def test_the_stores_size_limit_is_exact() -> None:
    ssm = FakeSsm()
    around = len(json.dumps(asdict(a_large_token(0)), separators=(",", ":")))
    largest = a_large_token(MAX_BYTES - around)
    assert parameter(ssm).write(largest)
    assert len(ssm.values[NAME]) == MAX_BYTES
    assert not parameter(ssm).write(a_large_token(MAX_BYTES - around + 1))
    assert parameter(ssm).read() == largest, "what was there stays"


def a_large_token(size: int) -> AccessToken:
    return AccessToken("x" * size, NOON, ("data:action:execute",), "issuer", "version")


# -- Secrets --


def test_a_secret_is_kept_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("actionrelay.aws.secret.time.monotonic", lambda: now[0])
    secrets = FakeSecrets({"name": "old"})
    secret = NamedSecret(secrets, "name")  # type: ignore[arg-type]
    assert secret.value() == "old"
    secrets.values["name"] = "rotated"
    now[0] += KEEP_SECONDS
    assert (secret.value(), secrets.reads) == ("old", 1)
    now[0] += 0.1
    assert (secret.value(), secrets.reads) == ("rotated", 2)


def test_a_missing_secret_is_unavailable_by_name() -> None:
    with pytest.raises(SecretUnavailableError, match="the secret mine can't be read"):
        NamedSecret(FakeSecrets(), "mine").value()  # type: ignore[arg-type]


def test_a_forgotten_secret_is_read_again() -> None:
    secrets = FakeSecrets({"name": "old"})
    secret = NamedSecret(secrets, "name")  # type: ignore[arg-type]
    assert secret.value() == "old"
    secrets.values["name"] = "rotated"
    secret.forget()
    assert (secret.value(), secret.value(), secrets.reads) == ("rotated", "rotated", 2)


# -- The lease --


def leases(dynamodb: FakeDynamoDb) -> TableTokenLeases:
    return TableTokenLeases(dynamodb, "executions")  # type: ignore[arg-type]


@given(st.builds(TokenLease, texts, times, texts, times, texts, texts, texts, times, times))
def test_any_lease_reads_back_the_same(lease: TokenLease) -> None:
    dynamodb = FakeDynamoDb()
    assert leases(dynamodb).swap("issuer", TokenLease(), lease) == lease
    assert leases(dynamodb).read("issuer") == lease
    assert leases(dynamodb).read("another") == TokenLease()


def test_a_lease_has_a_key_of_its_own_and_expires() -> None:
    dynamodb = FakeDynamoDb()
    taken = TokenLease(shared="v1", shared_until=NOON + 3_600_000).taken("me", NOON)
    leases(dynamodb).swap("issuer", TokenLease(), taken)
    [item] = dynamodb.items.values()
    assert (item["pk"], item["sk"]) == ({"S": "token#issuer"}, {"S": "lease"})
    assert item["until"] == {"N": str(NOON + LEASE_MS)}
    assert item["expires_at"] == {"N": str(NOON // 1_000 + 3_600 + 86_400)}


def test_the_second_writer_learns_what_the_first_wrote() -> None:
    dynamodb = FakeDynamoDb()
    first, second = TokenLease().taken("first", NOON), TokenLease().taken("second", NOON)
    assert leases(dynamodb).swap("issuer", TokenLease(), first) == first
    assert leases(dynamodb).swap("issuer", TokenLease(), second) == first
    assert leases(dynamodb).swap("issuer", first, first.kept(NOON)) == first.kept(NOON)


def test_a_repeated_write_has_succeeded() -> None:
    dynamodb = FakeDynamoDb()
    taken = TokenLease().taken("me", NOON)
    dynamodb.trouble.after("put_item", aws_error("ConditionalCheckFailedException"))
    assert leases(dynamodb).swap("issuer", TokenLease(), taken) == taken


@pytest.mark.parametrize("operation", ["get_item", "put_item"])
def test_a_failing_table_makes_the_lease_unavailable(operation: str) -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before(operation, aws_error("ProvisionedThroughputExceededException"))
    with pytest.raises(StoreUnavailableError):
        leases(dynamodb).swap("issuer", leases(dynamodb).read("issuer"), TokenLease())
