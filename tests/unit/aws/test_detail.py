"""The attribute ``detail``: what is written can be read, in this release and in the next."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.aws.detail import packed, unpacked

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
STORED = "ePnCsri1w8hpiUmUQSU82Q5LrkKNDiMzXUNDXSMLpVoAfwg0QQ=="
"""What this release wrote. If it can't be read, the dictionary has changed, and no stored execution can be read."""


@given(st.dictionaries(st.text(), values, max_size=5))
def test_any_detail_reads_back_the_same(detail: dict[str, object]) -> None:
    assert unpacked(packed(detail)) == detail


@given(st.dictionaries(st.text(), values, max_size=5))
def test_a_detail_of_an_earlier_release_is_read(detail: dict[str, object]) -> None:
    assert unpacked(zlib.compress(json.dumps(detail).encode(), 9)) == detail


def test_what_is_stored_stays_readable() -> None:
    assert unpacked(base64.b64decode(STORED)) == {
        "content_hash": "ab" * 32,
        "timeout_ms": 60_000,
        "cache_status": "enabled",
        "audit_day": "2026-11-28",
    }


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="not compressed"),
        pytest.param(packed({"version": 1})[:-1], id="cut off"),
        pytest.param(zlib.compress(b"no JSON"), id="no JSON"),
        pytest.param(packed({"version": 1})[:2] + b"\0\0\0\0" + packed({"version": 1})[6:], id="another dictionary"),
    ],
)
def test_bytes_of_no_detail_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with them
        unpacked(data)
