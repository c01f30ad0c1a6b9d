"""What a file says: its rows, where they begin, and what can't be read."""

from pathlib import Path

import pytest

from actionrelay_client.bulk.table import LONGEST_ROW, Row, Table, TableError, open_table


def csv(tmp_path: Path, text: str | bytes, name: str = "rows.csv", delimiter: str = ",") -> Table:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_table(path, delimiter=delimiter)


def test_a_csv_has_a_header_and_cells(tmp_path: Path) -> None:
    table = csv(tmp_path, '\ufeffid,name\r\n1,"Müller, Ann"\r\n\r\n2,"two\nlines"\r\n3,\r\n')
    assert list(table.rows()) == [
        Row(1, 2, {"id": "1", "name": "Müller, Ann"}),
        Row(2, 4, {"id": "2", "name": "two\nlines"}),
        Row(3, 6, {"id": "3", "name": ""}),
    ]
    assert table.columns() == ("id", "name")


def test_rows_can_be_read_again(tmp_path: Path) -> None:
    table = csv(tmp_path, "id\n1\n")
    assert list(table.rows()) == list(table.rows())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a,b\n1\n", "has 1 cells, the header has 2"),
        (b"a,b\n\xe9,1\n", "is not UTF-8"),
        ('a,b\n"x"y,1\n', "this is no CSV"),
        ('a,b\n1,"never closed\n2,3\n', "this is no CSV"),
        ("a,b\n1," + "x" * (LONGEST_ROW + 1) + "\n", "this is no CSV"),
    ],
    ids=["cells", "encoding", "quote", "open quote", "long"],
)
def test_a_row_that_can_not_be_read_says_why(tmp_path: Path, text: str | bytes, fault: str) -> None:
    (row,) = csv(tmp_path, text).rows()
    assert row.fault is not None
    assert fault in row.fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "has no header"),
        ("a,b,a\n", "two columns named 'a'"),
        ("a;b\n", "is its delimiter a semicolon"),
        (b"\xff\xfea\n", "has no header in UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str | bytes, fault: str) -> None:
    with pytest.raises(TableError, match=fault):
        csv(tmp_path, text)


def test_another_delimiter(tmp_path: Path) -> None:
    assert next(iter(csv(tmp_path, "a;b\n1;2\n", delimiter=";").rows())).values == {"a": "1", "b": "2"}
    assert next(iter(csv(tmp_path, "a\tb\n1\t2\n", name="rows.tsv").rows())).values == {"a": "1", "b": "2"}


def test_json_lines_are_as_they_are(tmp_path: Path) -> None:
    rows = list(csv(tmp_path, '\ufeff{"n": 10.10}\n\n{"n": null}', name="rows.jsonl").rows())
    assert [(row.number, row.line) for row in rows] == [(1, 1), (2, 3)]
    assert (str(rows[0].values["n"]), rows[1].values) == ("10.10", {"n": None})


@pytest.mark.parametrize("line", ["[]", "{", '{"a":1,"a":2}', '{"a":NaN}', "\xff", '{"a":"' + "x" * LONGEST_ROW + '"}'])
def test_a_line_that_is_no_object_says_why(tmp_path: Path, line: str) -> None:
    rows = list(csv(tmp_path, line.encode("latin-1") + b'\n{"b":1}\n', name="rows.jsonl").rows())
    assert rows[0].fault is not None
    assert rows[1].values == {"b": 1}


def test_a_file_that_changed_is_noticed(tmp_path: Path) -> None:
    table = csv(tmp_path, "a\n1\n")
    table.same()
    (tmp_path / "rows.csv").write_text("a\n1\n2\n")
    with pytest.raises(TableError, match="has changed"):
        table.same()


@pytest.mark.parametrize("name", ["rows.xlsx", "missing.csv", "folder.csv"])
def test_what_is_no_file_of_rows_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.xlsx").write_text("a\n")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TableError):
        open_table(tmp_path / name)
