"""A day as a file: every entry as a line, in the day's order, whole or not at all, and never with fewer entries."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.audit.export import LAST_MS
from actionrelay.audit.trail import Flaw
from actionrelay.errors import (
    ExportConflictError,
    ExportRequestError,
    ExportUnfinishedError,
    StoreUnavailableError,
)
from actionrelay.ledger.audit_entry import entry_hash
from actionrelay.ledger.refusals import MOST_RECORDED
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.relay import Relay
from tests.unit.audit.test_day import DAY, DAY_MS, given_executions, pages

FILE = f"audit-{DAY}.jsonl"


class Passing(SettableClock):
    """A clock that moves on by a second at each look."""

    def now(self) -> int:
        self.advance(1_000)
        return self.time


def export(relay: Relay, wanted: Mapping[str, Any], within_ms: int = 900_000) -> dict[str, Any]:
    return relay.exporting.export(wanted, relay.clock.now() + within_ms)


@pytest.fixture
def relay(relay: Relay) -> Relay:
    relay.clock.time = NOON + DAY_MS
    return relay


@pytest.mark.parametrize("executions", [0, 1, 63, 64, 65, 130])
@pytest.mark.parametrize("times_indexed", [1, 2])
def test_an_exported_days_lines_equal_the_apis(relay: Relay, executions: int, times_indexed: int) -> None:
    relay.audit.times_indexed = times_indexed
    given_executions(relay, executions)
    given_executions(relay, 2, action="next-day", at=NOON + DAY_MS)
    written = export(relay, {"date": DAY})
    lines = relay.day_files.files[FILE].decode().splitlines()
    assert [json.loads(line) for line in lines] == [entry for page in pages(relay) for entry in page["entries"]]
    size = len(relay.day_files.files[FILE])
    assert written == {
        "date": DAY,
        "file": FILE,
        "executions": executions,
        "entries": 3 * executions,
        "bytes": size,
        "flaws": 0,
    }
    assert relay.telemetry.events == [("audit_exported", {**written, "duration_ms": 0})]


def test_an_export_reads_on_after_an_index_page(relay: Relay) -> None:
    given_executions(relay, 2_001, entries=1)
    assert export(relay, {"date": DAY})["entries"] == 2_001


def test_exported_words_in_any_script_are_utf_8(relay: Relay) -> None:
    given_executions(relay, 1, entries=1, action="überweisen\u2028€")
    export(relay, {"date": DAY})
    [line] = relay.day_files.files[FILE].split(b"\n")[:-1]
    assert json.loads(line)["actionId"] == "überweisen\u2028€"
    assert "überweisen".encode() in line


@pytest.mark.parametrize(("days", "day"), [(1, "2026-11-24"), (2, "2026-11-23"), (25, "2026-10-31")])
def test_a_schedule_exports_the_day_that_many_days_ago(relay: Relay, days: int, day: str) -> None:
    assert export(relay, {"daysBefore": days})["date"] == day
    assert list(relay.day_files.files) == [f"audit-{day}.jsonl"]


def test_a_second_export_includes_late_entries(relay: Relay) -> None:
    given_executions(relay, 1)
    export(relay, {"daysBefore": 1})
    given_executions(relay, 2)
    assert export(relay, {"date": DAY})["executions"] == 2
    assert len(relay.day_files.files[FILE].splitlines()) == 6


@pytest.mark.parametrize(
    "wanted",
    [
        *({}, {"date": ""}, {"date": "2026-11-31"}, {"date": 20261124}, {"date": DAY, "more": 1}),
        *({"daysBefore": 0}, {"daysBefore": -1}, {"daysBefore": "1"}, {"daysBefore": True}, {"daysBefore": 1.0}),
        *({"daysBefore": 10**9}, {"date": DAY, "daysBefore": 1}),
        *({"date": "2026-11-25"}, {"date": "2026-11-26"}),
    ],
)
def test_a_day_that_is_not_over_is_not_exported(relay: Relay, wanted: dict[str, Any]) -> None:
    with pytest.raises(ExportRequestError):
        export(relay, wanted)
    assert relay.day_files.files == {}


def test_an_export_short_of_time_pauses_and_shows_nothing(relay: Relay) -> None:
    given_executions(relay, 500)
    relay.clock = Passing(NOON + DAY_MS)
    with pytest.raises(ExportUnfinishedError) as stopped:
        relay.exporting.export({"date": DAY}, NOON + DAY_MS + 130_000)
    assert relay.clock.time == NOON + DAY_MS + 130_000 - LAST_MS + 1_000
    assert relay.day_files.files == {}
    assert stopped.value.context == {"day": DAY, "executions": 99, "goes_on": True}
    assert relay.telemetry.events == []


@pytest.mark.parametrize("earlier_executions", [0, 120, 500])
def test_a_day_of_several_invocations_goes_on_where_it_was(relay: Relay, earlier_executions: int) -> None:
    if earlier_executions:
        given_executions(relay, earlier_executions)
        export(relay, {"date": DAY})
    given_executions(relay, 500)
    relay.clock = Passing(NOON + DAY_MS)
    for _ in range(5):
        with pytest.raises(ExportUnfinishedError):
            relay.exporting.export({"date": DAY}, relay.clock.time + 130_000)
    written = relay.exporting.export({"date": DAY}, relay.clock.time + 130_000)
    assert (written["executions"], written["entries"]) == (500, 1_500)
    lines = relay.day_files.files[FILE].decode().splitlines()
    assert [json.loads(line) for line in lines] == [entry for page in pages(relay) for entry in page["entries"]]


def _without_an_entry(relay: Relay) -> None:
    del relay.audit.kept["action-0001", 2]


def _with_a_changed_entry(relay: Relay) -> None:
    kept = relay.audit.kept["action-0001", 3]
    relay.audit.kept["action-0001", 3] = replace(kept, note="never happened")


def _with_a_forged_entry(relay: Relay) -> None:
    forged = replace(relay.audit.kept["action-0001", 3], note="never happened")
    relay.audit.kept["action-0001", 3] = replace(forged, hash=entry_hash(forged))


def _without_an_execution(relay: Relay) -> None:
    for seq in (1, 2, 3):
        del relay.audit.kept["action-0002", seq]


@pytest.mark.parametrize(
    "forge", [_without_an_entry, _with_a_changed_entry, _with_a_forged_entry, _without_an_execution]
)
def test_a_forged_table_does_not_replace_a_true_file(relay: Relay, forge: Callable[[Relay], None]) -> None:
    given_executions(relay, 3)
    export(relay, {"date": DAY})
    true_file = relay.day_files.files[FILE]
    forge(relay)
    with pytest.raises(ExportConflictError) as conflict:
        export(relay, {"date": DAY})
    differs = f"audit-{DAY}.differs.jsonl"
    assert conflict.value.context == {"day": DAY, "file": differs}
    assert relay.day_files.files[FILE] == true_file
    lines = relay.day_files.files[differs].decode().splitlines()
    assert [json.loads(line) for line in lines] == [entry for page in pages(relay) for entry in page["entries"]]


def test_an_earlier_file_that_is_no_export_is_kept(relay: Relay) -> None:
    given_executions(relay, 1)
    relay.day_files.files[FILE] = b"somebody's notes\n"
    with pytest.raises(ExportConflictError):
        export(relay, {"date": DAY})
    assert relay.day_files.files[FILE] == b"somebody's notes\n"


@pytest.mark.parametrize("operation", ["openings", "entries"])
def test_a_failing_table_writes_no_export(relay: Relay, operation: str) -> None:
    given_executions(relay, 3)
    relay.audit.trouble.before(operation, StoreUnavailableError("the audit trail can't be read"))
    with pytest.raises(StoreUnavailableError):
        export(relay, {"date": DAY})
    assert relay.day_files.files == {}


def test_an_unreadable_entry_is_reported_and_the_rest_exported(relay: Relay) -> None:
    given_executions(relay, 2)
    relay.audit.flaws["action-0001"] = [Flaw(4, "has no usable timestamp")]
    written = export(relay, {"date": DAY})
    assert (written["entries"], written["flaws"]) == (6, 1)


def test_a_flood_of_refusals_is_a_line_for_each_caller(relay: Relay) -> None:
    given_executions(relay, 2)
    relay.refusals.numbers.update(
        {
            (DAY, "quiet"): MOST_RECORDED,
            (DAY, "loud"): 2_000_000,
            (DAY, "louder"): 3_000_000,
            ("2026-11-23", "x"): 9_999,
        }
    )
    written = export(relay, {"date": DAY})
    lines = [json.loads(line) for line in relay.day_files.files[FILE].decode().splitlines()]
    assert written["entries"] == len(lines) == 8
    assert [(line["actor"], line["note"].split()[0]) for line in lines[6:]] == [
        ("loud", "1999000"),
        ("louder", "2999000"),
    ]
    for line in lines[6:]:
        assert (line["event"], line["timestamp"][:10], line["previousHash"]) == ("rejected", DAY, "")
        assert line["hash"]
    # The same day again replaces the file: each line comes again, unchanged.
    again = export(relay, {"date": DAY})
    assert again == written


def test_a_number_of_refusals_that_shrank_is_a_conflict(relay: Relay) -> None:
    relay.refusals.numbers[DAY, "loud"] = 5_000
    export(relay, {"date": DAY})
    relay.refusals.numbers[DAY, "loud"] = 4_000
    with pytest.raises(ExportConflictError):
        export(relay, {"date": DAY})
