"""Callers' keys, and the execution ids that they lead to."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.ids import is_uuid
from actionrelay.submit.idempotency import NAMESPACE, execution_id, read_key

KEYS = st.text("".join(chr(code) for code in range(0x21, 0x7F)), min_size=1, max_size=255)
ANN, BEN = "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/ben"
ROLE = "arn:aws:sts::123456789012:assumed-role/orders"


@given(KEYS)
def test_any_key_of_visible_characters_is_taken(key: str) -> None:
    quoted = len(key) > 1 and key[0] == key[-1] == '"'
    assert read_key(key) == ((key[1:-1] or None) if quoted else key)
    assert read_key(f' "{key}" ') == key


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_what_is_read_is_a_key_or_nothing(header: str) -> None:
    key = read_key(header)
    assert key is None or (1 <= len(key) <= 255 and set(key) <= set(string.printable) - set(string.whitespace))


@given(KEYS.filter(lambda key: not is_uuid(key)))
def test_a_key_means_one_execution_of_its_caller(key: str) -> None:
    assert is_uuid(execution_id(key, ANN))
    assert execution_id(key, ANN) == execution_id(key, ANN)
    assert execution_id(key, ANN) != execution_id(key, BEN)


def test_a_uuid_is_the_execution_id_itself() -> None:
    assert execution_id("7F2C1D5E-7A0B-4F5E-8B53-9C3F3C1E2A77", ANN) == "7f2c1d5e-7a0b-4f5e-8b53-9c3f3c1e2a77"


def test_the_ids_stay_what_they_are_from_version_to_version() -> None:
    assert str(NAMESPACE) == "64b4e293-3f27-5515-8045-72688b9e918d"
    assert execution_id("order-4711", ANN) == "dc562111-080c-57ef-b4dd-f7632a75fce4"


@pytest.mark.parametrize("session", ["worker-1", "worker-2", "a/b", "x\ny"])
def test_the_sessions_of_a_role_are_one_caller(session: str) -> None:
    assert execution_id("order-4711", f"{ROLE}/{session}") == execution_id("order-4711", f"{ROLE}/first")
    assert execution_id("order-4711", f"{ROLE}-other/{session}") != execution_id("order-4711", f"{ROLE}/first")
