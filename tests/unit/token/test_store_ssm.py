"""The adapters of the token: the parameter that it is shared in, its lease, and the secret of the client."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.aws.secret import KEEP_SECONDS, NamedSecret
from actionrelay.errors import SecretUnavailableError, StoreUnavailableError
from actionrelay.ports import AccessToken
from actionrelay.token.lease import LEASE_MS, TokenLease
from actionrelay.token.lease_dynamodb import TableTokenLeases
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


def test_given_a_token_when_shared_then_it_is_a_secure_string_and_reads_back() -> None:
    ssm = FakeSsm()
    assert parameter(ssm).read() is None
    parameter(ssm).write(a_token())
    assert parameter(ssm).read() == a_token()
    [put] = ssm.puts
    assert (put["Type"], put["Tier"], put["Overwrite"]) == ("SecureString", "Intelligent-Tiering", True)


@pytest.mark.parametrize("text", ["", "unset", "[]", "{}", '{"value":"x","scopes":[]}', '{"scopes":5}', "null"])
def test_given_a_parameter_that_holds_no_token_when_read_then_there_is_none(text: str) -> None:
    assert parameter(FakeSsm({NAME: text})).read() is None


def test_given_a_parameter_store_that_fails_when_called_then_it_is_unavailable_and_no_token_shows() -> None:
    ssm = FakeSsm()
    ssm.trouble.before("get_parameter", aws_error("ThrottlingException"))
    ssm.trouble.before("put_parameter", aws_error("AccessDeniedException"))
    with pytest.raises(StoreUnavailableError):
        parameter(ssm).read()
    with pytest.raises(StoreUnavailableError) as unavailable:
        parameter(ssm).write(a_token())
    assert a_token().value not in repr((unavailable.value, unavailable.value.context))


@pytest.mark.parametrize("expires_at", ["soon", None, []])
def test_given_a_parameter_with_parts_of_another_kind_when_read_then_there_is_none(expires_at: object) -> None:
    text = json.dumps({"value": "v", "expires_at": expires_at, "scopes": [], "issuer": "i", "version": "v"})
    assert parameter(FakeSsm({NAME: text})).read() is None


def test_given_a_token_as_large_as_the_store_when_shared_then_it_is_and_a_larger_one_is_not() -> None:
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


def test_given_a_secret_when_read_again_soon_then_it_is_kept_and_after_a_while_it_is_read_anew(
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


def test_given_a_secret_that_is_not_there_when_read_then_it_is_unavailable_by_name() -> None:
    with pytest.raises(SecretUnavailableError, match="the secret mine can't be read"):
        NamedSecret(FakeSecrets(), "mine").value()  # type: ignore[arg-type]


def test_given_a_secret_that_is_said_to_be_no_good_when_read_then_it_is_read_anew() -> None:
    secrets = FakeSecrets({"name": "old"})
    secret = NamedSecret(secrets, "name")  # type: ignore[arg-type]
    assert secret.value() == "old"
    secrets.values["name"] = "rotated"
    secret.forget()
    assert (secret.value(), secret.value(), secrets.reads) == ("rotated", "rotated", 2)


# -- The lease --


def leases(dynamodb: FakeDynamoDb) -> TableTokenLeases:
    return TableTokenLeases(dynamodb, "executions")  # type: ignore[arg-type]


@given(st.builds(TokenLease, texts, times, texts, times, texts, texts, texts, times))
def test_given_any_lease_when_written_then_it_reads_back_the_same(lease: TokenLease) -> None:
    dynamodb = FakeDynamoDb()
    assert leases(dynamodb).swap("issuer", TokenLease(), lease) == lease
    assert leases(dynamodb).read("issuer") == lease
    assert leases(dynamodb).read("another") == TokenLease()


def test_given_a_lease_when_written_then_its_item_has_a_key_of_its_own_and_goes_away() -> None:
    dynamodb = FakeDynamoDb()
    taken = TokenLease(shared="v1", shared_until=NOON + 3_600_000).taken("me", NOON)
    leases(dynamodb).swap("issuer", TokenLease(), taken)
    [item] = dynamodb.items.values()
    assert (item["pk"], item["sk"]) == ({"S": "token#issuer"}, {"S": "lease"})
    assert item["until"] == {"N": str(NOON + LEASE_MS)}
    assert item["expires_at"] == {"N": str(NOON // 1_000 + 3_600 + 86_400)}


def test_given_two_that_read_the_same_when_they_write_then_the_second_is_told_what_the_first_wrote() -> None:
    dynamodb = FakeDynamoDb()
    first, second = TokenLease().taken("first", NOON), TokenLease().taken("second", NOON)
    assert leases(dynamodb).swap("issuer", TokenLease(), first) == first
    assert leases(dynamodb).swap("issuer", TokenLease(), second) == first
    assert leases(dynamodb).swap("issuer", first, first.kept(NOON)) == first.kept(NOON)


def test_given_a_write_whose_answer_got_lost_when_it_is_repeated_then_it_has_succeeded() -> None:
    dynamodb = FakeDynamoDb()
    taken = TokenLease().taken("me", NOON)
    dynamodb.trouble.after("put_item", aws_error("ConditionalCheckFailedException"))
    assert leases(dynamodb).swap("issuer", TokenLease(), taken) == taken


@pytest.mark.parametrize("operation", ["get_item", "put_item"])
def test_given_a_table_that_fails_when_the_lease_is_wanted_then_the_store_is_unavailable(operation: str) -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before(operation, aws_error("ProvisionedThroughputExceededException"))
    with pytest.raises(StoreUnavailableError):
        leases(dynamodb).swap("issuer", leases(dynamodb).read("issuer"), TokenLease())
