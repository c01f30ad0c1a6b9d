"""DynamoDB's capacity rules, as the developer guide has them."""

import pytest

from benchmarks.cost.capacity import Index, Item, Table, item_bytes, read_units, write_units

DESCRIPTION = {
    "TableName": "audit",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "seq", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_day",
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"name": {"S": "Zoë"}}, 4 + 4),
        ({"n": {"N": "1795465258004"}}, 1 + 7 + 1),
        ({"n": {"N": "-100"}}, 1 + 1 + 1 + 1),
        ({"n": {"N": "0"}}, 1 + 1),
        ({"b": {"B": b"12345"}}, 1 + 5),
        ({"t": {"BOOL": True}, "z": {"NULL": True}}, 2 + 2),
        ({"s": {"SS": ["ab", "c"]}}, 1 + 3),
        ({"l": {"L": [{"S": "ab"}, {"BOOL": True}]}}, 1 + 3 + (1 + 2) + (1 + 1)),
        ({"m": {"M": {"k": {"S": "v"}}}}, 1 + 3 + 1 + (1 + 1)),
    ],
)
def test_an_item_is_its_names_and_values(item: Item, size: int) -> None:
    assert item_bytes(item) == size


def test_a_type_without_a_known_size_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="XX"):
        item_bytes({"a": {"XX": ""}})


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1_024, 1), (1_025, 2)])
def test_a_write_is_one_unit_per_begun_kilobyte(size: int, units: int) -> None:
    assert write_units(size) == units


@pytest.mark.parametrize(("size", "consistent", "units"), [(0, True, 1), (4_097, True, 2), (10, False, 0.5)])
def test_a_read_is_one_unit_per_begun_four_kilobytes(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


def entry(day: str | None = "2026-11-23", filling: int = 0) -> Item:
    item = {"id": {"S": "a"}, "seq": {"N": "1"}, "filling": {"S": "x" * filling}}
    return item if day is None else {**item, "day": {"S": day}}


def test_a_new_item_is_written_to_the_indexes_that_hold_it() -> None:
    table = Table.described(DESCRIPTION)

    assert table.put(entry()) == {"audit": 1, "audit by_day": 1}


def test_an_index_does_not_hold_an_item_without_its_key() -> None:
    table = Table.described(DESCRIPTION)

    assert table.put(entry(day=None)) == {"audit": 1}


def test_an_overwrite_costs_the_larger_version() -> None:
    table = Table.described(DESCRIPTION)
    table.put(entry(day=None, filling=2_000))

    assert table.put(entry(day=None)) == {"audit": 2}


def test_a_changed_index_key_is_two_writes() -> None:
    table = Table.described(DESCRIPTION)
    table.put(entry("2026-11-23"))

    assert table.put(entry("2026-11-24"))["audit by_day"] == 2


def test_an_index_that_sees_no_change_costs_nothing() -> None:
    table = Table("t", ("id",), (Index("i", ("day",), frozenset({"id", "day"})),))
    table.put(entry())

    assert table.put(entry(filling=5)) == {"t": 1}


def test_a_refused_write_costs_what_is_there() -> None:
    table = Table.described(DESCRIPTION)
    table.put(entry(filling=1_500))

    assert table.refused(entry()) == {"audit": 2}


def test_stored_bytes_include_items_and_index_overhead() -> None:
    table = Table.described(DESCRIPTION)
    table.put(entry())

    assert table.stored_bytes == 2 * (item_bytes(entry()) + 100)
