"""Every way to change a trail in the table: verification names the first entry that it breaks."""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from actionrelay.audit.history import ReadHistory
from actionrelay.audit.reader_dynamodb import AuditTableReader
from actionrelay.audit.verification import OWED_MS
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.ledger.entries_dynamodb import ENTRIES_PER_TRAIL, camel, entries_item, expiry, read_entries, trail_key
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, PayloadRef, Status, WebhookStatus
from actionrelay.ledger.history_dynamodb import AuditTable
from tests.fakes.aws import FakeDynamoDb
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.relay import EXECUTION_ID, TRACE_ID, WEBHOOK_URL, a_draft
from tests.fakes.stores import InMemoryExecutions
from tests.openapi import violations

pytestmark = pytest.mark.repetitive

DAY_MS = 86_400_000
RESULT = PayloadRef("key", 1_000, "d" * 64)
DONE = Outcome(Status.COMPLETED, RESULT)
ERROR = ExecutionError("http_500", "for the caller alone", 500, TRACE_ID, "data.actions/requests=2500")
NAMES = [field.name for field in fields(AuditEntry)]

type Item = dict[str, dict[str, Any]]
type Parting = Callable[[Sequence[AuditEntry]], list[list[AuditEntry]]]


# -- The trails -----------------------------------------------------------------------------------------------------


def _cache_hit() -> Execution:
    served = ledger.serve_from_cache(a_draft(webhook_url=WEBHOOK_URL), RESULT, NOON + 3)
    return _delivery_tried(served, WebhookStatus.DELIVERED, NOON + 9)


def _attempts() -> Execution:
    record = ledger.accept(a_draft())
    for number in (1, 2):
        record = ledger.claim(record, f"attempt-{number}", NOON + number * 10, NOON)
        record = ledger.postpone(record, NOON + number * 10 + 5, NOON, ERROR, uses_chance=True, may_have_run=True)
    record = ledger.claim(record, "attempt-3", NOON + 30, NOON)
    return ledger.settle(record, Outcome(Status.FAILED, error=ERROR), NOON + 35, latency_ms=5)


def _webhook(**changes: Any) -> Execution:
    record = ledger.claim(ledger.accept(a_draft(webhook_url=WEBHOOK_URL, **changes)), "a", NOON + 1, NOON)
    record = ledger.await_webhook(record, NOON + 5, NOON, 4, TRACE_ID)
    record = ledger.settle(record, DONE, NOON + 90, by_webhook=True, webhook_id="msg_1")
    record = _delivery_tried(record, WebhookStatus.PENDING, NOON + 95)
    return _delivery_tried(record, WebhookStatus.DELIVERED, NOON + 99)


def _resolved() -> Execution:
    record = ledger.claim(ledger.accept(a_draft()), "a", NOON + 1, NOON)
    record = ledger.settle(record, Outcome(Status.UNKNOWN, error=ERROR), NOON + 5, latency_ms=4)
    return ledger.resolve(record, DONE, NOON + DAY_MS, "arn:aws:iam::123456789012:user/op", "found in the CRM")


def _redelivered() -> Execution:
    record = ledger.claim(ledger.accept(a_draft(webhook_url=WEBHOOK_URL)), "a", NOON + 1, NOON)
    record = ledger.settle(record, DONE, NOON + 5, latency_ms=4, correlation_id=TRACE_ID)
    record = _delivery_tried(record, WebhookStatus.FAILED, NOON + 7)
    record = ledger.redeliver(record, NOON + DAY_MS, "arn:aws:iam::123456789012:user/op")
    return _delivery_tried(record, WebhookStatus.DELIVERED, NOON + DAY_MS + 4)


def _delivery_tried(record: Execution, status: WebhookStatus, now: int) -> Execution:
    cause = None if status is WebhookStatus.DELIVERED else ExecutionError("http_503", "unavailable", 503)
    return ledger.record_delivery(record, status, now, None, latency_ms=12, cause=cause)


PARTINGS: dict[str, Parting] = {
    "one by one": lambda entries: [[entry] for entry in entries],
    "attempts packed": lambda entries: _packed(entries, lambda entry: entry.event != "attempt_started"),
    "all at once": lambda entries: [list(entries)],
}


def _packed(entries: Sequence[AuditEntry], ends: Callable[[AuditEntry], bool]) -> list[list[AuditEntry]]:
    parts: list[list[AuditEntry]] = [[]]
    for entry in entries:
        parts[-1].append(entry)
        if ends(entry):
            parts.append([])
    return [part for part in parts if part]


@dataclass(frozen=True, slots=True)
class Written:
    """A record with all of its entries, and whether it lists the last ones as owed when it is at rest."""

    record: Execution
    owing: bool = False

    @property
    def entries(self) -> tuple[AuditEntry, ...]:
        return self.record.audit.owed

    @property
    def audit_seq(self) -> int:
        return self.record.audit.seq

    @property
    def at_rest(self) -> Execution:
        last_step = PARTINGS["attempts packed"](self.entries)[-1]
        return replace(self.record, audit=replace(self.record.audit, owed=tuple(last_step) if self.owing else ()))


TRAILS: dict[str, Written] = {
    "cache hit": Written(_cache_hit()),
    "attempts": Written(_attempts()),
    "webhook": Written(_webhook(audit_kept_days=400)),
    "of an earlier release": Written(_webhook()),
    "resolved": Written(_resolved()),
    "redelivered": Written(_redelivered()),
}


@dataclass(slots=True)
class World:
    """One execution on record, and its trail in the table."""

    dynamodb: FakeDynamoDb
    record: Execution
    now: int = NOON + 10 * DAY_MS

    @classmethod
    def of(cls, written: Written, parting: Parting) -> "World":
        dynamodb = FakeDynamoDb(keys=("executionId", "seq"))
        for part in parting(written.entries):
            AuditTable(dynamodb, "audit", 400, RecordedTelemetry()).append(part)  # type: ignore[arg-type]
        return cls(dynamodb, written.at_rest)

    @property
    def items(self) -> list[Item]:
        """By key; a fraction of a key has its place too."""
        return sorted(self.dynamodb.items.values(), key=lambda item: float(item["seq"]["N"]))

    def put(self, item: Item) -> None:
        self.dynamodb.items[EXECUTION_ID, item["seq"]["N"]] = item

    def remove(self, item: Item) -> None:
        del self.dynamodb.items[EXECUTION_ID, item["seq"]["N"]]

    def history(self, *, on_record: bool = True) -> dict[str, Any]:
        store = InMemoryExecutions()
        if on_record:
            store.put(self.record)
        reader = AuditTableReader(self.dynamodb, "audit")  # type: ignore[arg-type]
        reading = ReadHistory(store, reader, SettableClock(self.now))
        document: dict[str, Any] = reading.history(EXECUTION_ID, verified=True)
        return document


# A record at rest still lists what its last step owed; what was written long ago is expected in the table all the same.
OWING: dict[str, bool] = {"owing its last step": True, "owing nothing": False}
WORLDS = [
    pytest.param(replace(written, owing=is_owing), parting, id=f"{name}, {how}, {owing}")
    for name, written in TRAILS.items()
    for how, parting in PARTINGS.items()
    for owing, is_owing in OWING.items()
]
every_trail = pytest.mark.parametrize(("written", "parting"), WORLDS)


# -- What somebody could do: each change, and the first entry that it breaks ------------------------------------------

WRONG_FORMS: list[dict[str, Any]] = [
    {"NULL": True},
    {"BOOL": True},
    {"B": b"\xff\x00"},
    {"L": [{"S": "a"}]},
    {"M": {}},
    {"SS": ["a"]},
    {"NS": ["1"]},
    {"N": "0.5"},
    {"N": "-1"},
    {"N": "99999999999999999999999999999999999999"},
    {"N": "9.9E+125"},
    {"S": "another"},
    {"S": ""},
    {"S": "\ud800"},
]
WRONG_VALUES = [None, True, -1, 0.5, 10**400, "another", "", "\ud800", [], {}, ["a"], {"a": 1}, float("nan")]
WRONG_LISTS = [
    *("", "null", "{", "[]", "{}", "7", '"text"', "NaN", "[" * 100_000, "[1]", "[null]", "[[]]", "[{}]"),
    *('[{"surprise": 1}]', '[{"seq": {}}]', '[{"seq": "1"}]'),
]


def _span(item: Item) -> list[int]:
    """The entries of an item as it was written, by ``seq``."""
    end = int(item["seq"]["N"]) % ENTRIES_PER_TRAIL
    return list(range(end - len(_earlier(item)), end + 1))


def _earlier(item: Item) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(item["earlier"]["S"]) if "earlier" in item else []
    return listed


def _spoken_for(item: Item, name: str) -> int:
    """The first entry of an item that has what an attribute says; the others say it for themselves."""
    for seq, differences in zip(_span(item), _earlier(item), strict=False):
        if name not in differences and name not in {"seq", "hash"}:
            return seq
    return _span(item)[-1]


def _opening(item: Item) -> int:
    """The entry that brought an item into the index by day; its last one where none did."""
    if "day" in item:
        return _spoken_for(item, "day")
    days = [seq for seq, differences in zip(_span(item), _earlier(item), strict=False) if differences.get("day")]
    return (*days, _span(item)[-1])[0]


def _otherwise(value: dict[str, Any], forms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    [(kind, text)] = value.items()
    changed = {"N": str(int(text) + 1)} if kind == "N" else {"S": text[:-1] + ("1" if text[-1:] == "0" else "0")}
    return [changed, *(form for form in forms if form != value)]


def _attributes_changed(item: Item, forms: list[dict[str, Any]]) -> Iterator[tuple[str, Item, int]]:
    """Each attribute but the key and the expiry: another value, another type, none at all; and one that was absent."""
    attributes = {camel(name): name for name in NAMES if name not in {"execution_id", "seq"}}
    for attribute, name in [*attributes.items(), ("dayOpened", ""), ("openedAt", ""), ("surprise", "")]:
        seq = _spoken_for(item, name) if name else _opening(item) if attribute != "surprise" else _span(item)[-1]
        there = item.get(attribute)
        for form in _otherwise(there, forms) if there else [{"S": "new"}, {"N": "7"}, *forms]:
            yield f"{attribute}={form}", {**item, attribute: form}, seq
        if there:
            yield f"no {attribute}", {name: value for name, value in item.items() if name != attribute}, seq


def _earlier_changed(item: Item, values: list[Any]) -> Iterator[tuple[str, Item, int]]:
    """Each field of each entry that was written together with a later one; those entries themselves; and the list."""
    listed, span = _earlier(item), _span(item)
    for at, (seq, differences) in enumerate(zip(span, listed, strict=False)):
        for name, others in (*_fields_changed(seq, differences, values), *_places_changed(seq, differences)):
            yield name, _with_earlier(item, [*listed[:at], *others, *listed[at + 1 :]]), seq
    for one, two in combinations(range(len(listed)), 2):
        swapped = list(listed)
        swapped[one], swapped[two] = listed[two], listed[one]
        yield f"{span[one]} and {span[two]} swapped", _with_earlier(item, swapped), span[one]
    if listed:
        spaced = json.dumps(listed)
        forms: list[dict[str, Any]] = [{"S": text} for text in (*WRONG_LISTS, spaced, spaced[:-1])]
        forms += [{"B": item["earlier"]["S"].encode()}, {"N": "7"}, {"L": []}, {"NULL": True}]
        for form in forms:
            yield f"earlier={form!s:.40}", {**item, "earlier": form}, span[0]
        yield "no earlier", {name: value for name, value in item.items() if name != "earlier"}, span[0]


def _fields_changed(seq: int, differences: dict[str, Any], values: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    for name in (*NAMES, "more"):
        for value in [*values, seq + 1_000]:
            takes_an_earlier_place = name == "seq" and type(value) is int and 0 < value <= seq
            if not takes_an_earlier_place and (name not in differences or differences[name] != value):
                yield f"{seq}.{name}={value!r:.40}", [{**differences, name: value}]
    for name in differences:
        yield f"{seq} without {name}", [{field: value for field, value in differences.items() if field != name}]


def _places_changed(seq: int, differences: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield f"{seq} gone", []
    yield f"{seq} twice", [differences, differences]
    for garbage in (None, 7, "text", list[Any](), dict[str, Any]()):
        yield f"{seq}={garbage!r}", [garbage]


def _with_earlier(item: Item, listed: list[Any]) -> Item:
    return {**item, "earlier": {"S": json.dumps(listed, separators=(",", ":"))}}


@every_trail
def test_a_trail_as_written_is_whole(written: Written, parting: Parting) -> None:
    document = World.of(written, parting).history()
    assert document["verification"] == {
        "intact": True,
        "checkedEntries": written.audit_seq,
        "brokenAt": None,
        "detail": None,
    }
    assert [entry["seq"] for entry in document["entries"]] == list(range(1, written.audit_seq + 1))


@every_trail
def test_a_changed_attribute_names_the_first_broken_entry(written: Written, parting: Parting) -> None:
    world = World.of(written, parting)
    # What an item says is the same however its trail is parted, so one parting is enough for every wrong form.
    most = None if parting is PARTINGS["attempts packed"] and not written.owing else 1
    changes = 0
    for item in world.items:
        for name, changed, seq in (
            *_attributes_changed(item, WRONG_FORMS[:most]),
            *_earlier_changed(item, WRONG_VALUES[:most]),
        ):
            world.put(changed)
            _breaks_at(world, seq, name)
            changes += 1
        world.put(item)
    assert changes > 80
    assert world.history()["verification"]["intact"]


@every_trail
def test_a_deleted_item_names_its_first_entry(written: Written, parting: Parting) -> None:
    world = World.of(written, parting)
    for item in world.items:
        world.remove(item)
        _breaks_at(world, _span(item)[0], f"without {item['seq']}")
        world.put(item)
    for item in world.items:
        world.remove(item)
    _breaks_at(world, 1, "nothing left")


@every_trail
def test_swapped_items_name_the_first_missing_entry(written: Written, parting: Parting) -> None:
    world = World.of(written, parting)
    for one, two in combinations(world.items, 2):
        world.put({**two, "seq": one["seq"]})
        world.put({**one, "seq": two["seq"]})
        # An entry says what it is even in the wrong item, unless it leaves something to its item's last one.
        found = {replace(entry, hash="") for item in world.items for entry in read_entries(item)}
        gone = [entry.seq for entry in written.entries if replace(entry, hash="") not in found]
        assert set(_span(one)) & set(gone)
        _breaks_at(world, gone[0], f"{one['seq']} and {two['seq']}")
        world.put(one)
        world.put(two)
    assert world.history()["verification"]["intact"]


@every_trail
def test_a_repeated_item_names_the_first_entry_too_many(written: Written, parting: Parting) -> None:
    world = World.of(written, parting)
    after = written.audit_seq + 1
    for item in world.items:
        # Below its range a key is of another acceptance, whose trail then begins too late.
        places = {
            "0": 0,
            "-3": 1 if written.entries[0].accepted_at else -3,
            "0.5": 1,
            f"{after}": after,
            f"{after}.5": after,
            f"{after + 7}": after,
        }
        places |= {f"{end}.5": end + 1 for end in (_span(each)[-1] for each in world.items)}
        trail = trail_key(written.entries[0].accepted_at)
        for place, seq in places.items():
            again = {**item, "seq": {"N": str(Decimal(place) + trail)}}
            world.put(again)
            _breaks_at(world, seq, f"{item['seq']} again as {place}")
            world.remove(again)
    assert world.history()["verification"]["intact"]


@every_trail
def test_the_record_reveals_an_added_entry(written: Written, parting: Parting) -> None:
    world = World.of(written, parting)
    forged = ledger.note(world.record, "completed", NOON + 2 * DAY_MS).audit.owed[-1:]
    world.put(_item(forged))
    _breaks_at(world, written.audit_seq + 1, "one more")
    assert "record has" in world.history()["verification"]["detail"]


@every_trail
def test_the_record_reveals_a_forged_chain(written: Written, parting: Parting) -> None:
    for first in range(written.audit_seq):
        forged: list[AuditEntry] = list(written.entries[:first])
        for entry in written.entries[first:]:
            changed = replace(entry, actor="nobody", previous_hash=forged[-1].hash if forged else "")
            forged.append(replace(changed, hash=entry_hash(changed)))
        world = World.of(
            Written(replace(written.record, audit=replace(written.record.audit, owed=tuple(forged)))), parting
        )
        world.record = written.at_rest
        known = [entry.seq for entry in world.record.audit.owed if entry.seq > first]
        _breaks_at(world, min((*known, written.audit_seq)), f"forged from {first + 1} on")


@pytest.mark.parametrize("written", TRAILS.values(), ids=TRAILS.keys())
def test_the_next_entry_reveals_a_forged_hash(
    written: Written,
) -> None:
    world = World.of(written, PARTINGS["one by one"])
    for item, entry in zip(world.items, written.entries, strict=True):
        forged = replace(entry, actor="nobody")
        world.put(_item([replace(forged, hash=entry_hash(forged))]))
        _breaks_at(world, min(entry.seq + 1, written.audit_seq), f"{entry.seq} forged")
        world.put(item)
    assert world.history()["verification"]["intact"]


def test_two_writers_copies_must_agree() -> None:
    # A webhook overtakes the worker: each pays what the other one owes too.
    written = TRAILS["webhook"]
    one, two = written.entries[1:3], written.entries[1:5]
    world = World.of(written, lambda entries: [list(entries[:1]), list(one), list(two), list(entries[5:])])
    by_end = {int(item["seq"]["N"]) % ENTRIES_PER_TRAIL: item for item in world.items}
    assert _span(by_end[3]) == [2, 3]
    assert _span(by_end[5]) == [2, 3, 4, 5]
    assert world.history()["verification"]["intact"]
    world.remove(by_end[3])
    assert world.history()["verification"]["intact"], "nothing is missing"
    world.remove(by_end[5])
    _breaks_at(world, 2, "both gone")
    world.put(by_end[3])
    _breaks_at(world, 4, "the larger one gone")
    world.put(by_end[5])
    for item in (by_end[3], by_end[5]):
        for name, changed, _ in (
            *_attributes_changed(item, WRONG_FORMS[:2]),
            *_earlier_changed(item, WRONG_VALUES[:2]),
        ):
            world.put(changed)
            shown = world.history()
            seqs = [entry["seq"] for entry in shown["entries"]]
            verification = shown["verification"]
            # What has only left this copy is still in the other one.
            assert verification["intact"] is False or seqs == [1, 2, 3, 4, 5, 6, 7], name
            assert verification["brokenAt"] is None or verification["brokenAt"] in _span(item), name
        world.put(item)


@pytest.mark.parametrize("written", TRAILS.values(), ids=TRAILS.keys())
def test_a_forged_repeat_names_the_first_difference(
    written: Written,
) -> None:
    world = World.of(written, PARTINGS["all at once"])
    for entry in written.entries:
        if (EXECUTION_ID, str(trail_key(entry.accepted_at) + entry.seq)) in world.dynamodb.items:
            continue
        forged = replace(entry, event="forged")
        item = _item([replace(forged, hash=entry_hash(forged))])
        world.put(item)
        _breaks_at(world, entry.seq, f"{entry.seq} otherwise")
        assert "differ" in world.history()["verification"]["detail"]
        world.remove(item)


def _item(entries: Sequence[AuditEntry]) -> Item:
    """An item as only somebody else would put it there."""
    expires_at = {"N": str(expiry(entries[-1], 400))}
    return {name: dict(value) for name, value in entries_item(entries).items()} | {"expires_at": expires_at}


def _breaks_at(world: World, seq: int, change: str) -> None:
    """The answer can be given, and names the entry; without a record, all but a missing end is found as well."""
    document = world.history()
    verification = document["verification"]
    assert (verification["intact"], verification["brokenAt"]) == (False, seq), f"{change}: {verification}"
    assert verification["detail"]
    assert 0 <= verification["checkedEntries"] <= max(seq, 0)
    json.dumps(document, allow_nan=False).encode()


def test_attributes_of_every_form_are_read_as_documented() -> None:
    schema = {"$ref": "#/components/schemas/History"}
    world = World.of(TRAILS["resolved"], PARTINGS["attempts packed"])
    for item in world.items:
        for name, changed, _ in _attributes_changed(deepcopy(item), WRONG_FORMS):
            world.put(changed)
            assert violations(schema, world.history()) == [], name
        world.put(item)


@pytest.mark.parametrize("rate", [1.0, 0.0, 0.5, 0.9987, 1e-05])
def test_a_rate_in_the_tables_own_form_is_whole(rate: float) -> None:
    record = ledger.claim(ledger.accept(a_draft()), "a", NOON + 1, NOON)
    world = World.of(Written(ledger.settle(record, DONE, NOON + 5, success_rate=rate)), PARTINGS["one by one"])
    *_, last = world.items
    world.put({**last, "successRate": {"N": f"{Decimal(str(rate)).normalize():f}"}})
    assert world.history()["verification"]["intact"]
    world.put({**last, "successRate": {"N": "0.25"}})
    _breaks_at(world, 3, "another rate")


def test_without_a_record_the_trail_says_where_it_ends() -> None:
    world = World.of(TRAILS["webhook"], PARTINGS["one by one"])
    verification = world.history(on_record=False)["verification"]
    assert (verification["intact"], verification["checkedEntries"]) == (True, world.record.audit.seq)
    assert "record, which has the last one, no longer exists" in verification["detail"]
    world.remove(world.items[-1])
    assert world.history(on_record=False)["verification"]["intact"], "nobody can know"
    world.remove(world.items[2])
    assert world.history(on_record=False)["verification"]["brokenAt"] == 3


def test_a_missing_beginning_names_the_first_missing_entry() -> None:
    world = World.of(TRAILS["attempts"], PARTINGS["one by one"])
    for item in world.items[:2]:
        world.remove(item)
    verification = world.history()["verification"]
    assert (verification["brokenAt"], verification["checkedEntries"]) == (1, 0)
    assert verification["detail"].startswith("entries 1 to 2 are missing (or expired")


@pytest.mark.parametrize("owed", [1, 2, 3])
def test_owed_entries_count_as_present_and_are_shown(owed: int) -> None:
    record = TRAILS["attempts"].record
    paid, pending = record.audit.owed[:-owed], record.audit.owed[-owed:]
    world = World.of(Written(replace(record, audit=replace(record.audit, owed=paid))), PARTINGS["attempts packed"])
    world.record, world.now = replace(record, audit=replace(record.audit, owed=pending)), record.updated_at + OWED_MS
    document = world.history()
    verification = document["verification"]
    assert (verification["intact"], verification["checkedEntries"]) == (True, record.audit.seq)
    assert f"from entry {pending[0].seq} on" in verification["detail"]
    assert [entry["event"] for entry in document["entries"]] == [entry.event for entry in record.audit.owed]

    world.now += 1
    verification = world.history()["verification"]
    assert (verification["intact"], verification["brokenAt"]) == (False, pending[0].seq)
    assert "deleted from the table, or never written" in verification["detail"]
