"""Documents about actions, as received: unusable parts are left out, and nothing raises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.boundary.sync_messages import read_sync_message
from actionrelay.catalogue.action import MAX_TEXT, Entry
from actionrelay.catalogue.ports import SyncMessage
from actionrelay.catalogue.queue_sqs import SqsSyncQueue
from actionrelay.catalogue.reading import MAX_PAGE, Schema, read_definition, read_entry, read_page
from actionrelay.catalogue.state import Reason
from actionrelay.errors import MessageUnreadableError
from tests.fakes.aws import FakeSqs

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    *("entities", "id", "name", "pageCount", "total", "nextUri", "config", "request", "requestType"),
                    *("timeoutSeconds", "contract", "input", "inputSchema", "inputSchemaUri", "secure", "version"),
                ]
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_document_is_read_or_is_none(document: Any) -> None:
    read_page(document, 1)
    read_definition(document, Entry("a", "A"), 0)


@pytest.mark.parametrize(
    ("document", "last"),
    [
        ({"entities": [{"id": "a"}], "pageCount": 1}, True),
        ({"entities": [{"id": "a"}], "pageCount": 2}, False),
        ({"entities": [], "pageCount": 2}, True),
        ({"entities": [{"id": "a"}]}, True),
        ({"entities": [{"id": "a"}], "nextUri": "/api/v2/integrations/actions?pageNumber=2"}, False),
    ],
)
def test_the_last_page_is_known(document: dict[str, Any], last: bool) -> None:
    page = read_page(document, 1)
    assert page is not None
    assert page.last is last


def test_entries_that_can_not_be_executed_are_left_out() -> None:
    page = read_page({"entities": [{"id": "ok"}, {"id": "a/b"}, {"id": 5}, {}, "x", {"id": ""}]}, 1)
    assert page is not None
    assert [entry.action_id for entry in page.entries] == ["ok"]


def test_a_page_and_its_texts_are_bounded() -> None:
    page = read_page({"entities": [{"id": f"a{number}", "name": "n" * 10_000} for number in range(500)]}, 1)
    assert page is not None
    assert len(page.entries) == MAX_PAGE
    assert all(len(entry.name) == MAX_TEXT for entry in page.entries)


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("/api/v2/integrations/actions/a/schemas/input.json", "input.json"),
        ("https://elsewhere.example/steal/input.json?x=1", "input.json"),
        ("/schemas/..", None),
        ("/schemas/a%2Fb", None),
        ("", None),
        (5, None),
    ],
)
def test_a_schemas_uri_gives_the_name_of_a_file_alone(uri: Any, file: str | None) -> None:
    definition = read_definition({"contract": {"input": {"inputSchemaUri": uri}}}, Entry("a", "A"), 0)
    assert definition is not None
    assert definition.inputs == Schema(file=file)


@pytest.mark.parametrize(
    ("config", "method", "seconds"),
    [
        ({"request": {"requestType": "get"}, "timeoutSeconds": 20}, "GET", 20),
        ({"request": {"requestType": "PATCH"}, "timeoutSeconds": 0}, "PATCH", None),
        ({"request": {"requestType": "<script>"}, "timeoutSeconds": "20"}, None, None),
        ({"request": [], "timeoutSeconds": 2.5}, None, 2),
        (None, None, None),
    ],
)
def test_a_configuration_is_read_as_far_as_it_goes(config: Any, method: str | None, seconds: int | None) -> None:
    definition = read_definition({"config": config}, Entry("a", "A", version="1"), 5)
    assert definition is not None
    entry = definition.entry
    assert (entry.request_type, entry.timeout_seconds, entry.version, entry.read_at) == (method, seconds, "1", 5)


def test_what_says_secure_once_is_secure() -> None:
    entry = read_entry({"id": "a", "secure": True})
    assert entry is not None
    definition = read_definition({}, entry, 0)
    assert definition is not None
    assert definition.entry.secure


# -- Messages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message", [*map(SyncMessage, Reason), SyncMessage(run=7), SyncMessage(run=7, waited=True)], ids=str
)
def test_a_message_is_read_as_it_was_sent(message: SyncMessage) -> None:
    sqs = FakeSqs()
    SqsSyncQueue(sqs, "url").push(message, 1_500)  # type: ignore[arg-type]  # a fake
    [sent] = sqs.sent
    assert read_sync_message({"body": sent["MessageBody"]}) == message
    assert sent["DelaySeconds"] == 2


def test_a_delay_is_as_long_as_the_queue_takes() -> None:
    sqs = FakeSqs()
    SqsSyncQueue(sqs, "url").push(SyncMessage(run=1), 43_200_000)  # type: ignore[arg-type]  # a fake
    assert sqs.sent[0]["DelaySeconds"] == 900


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "5", '{"reason": "x"}', '{"run": 0}', '{"run": true}', '{"run": "1"}']
)
def test_what_is_no_message_is_unreadable(body: str) -> None:
    with pytest.raises(MessageUnreadableError):
        read_sync_message({"body": body})
