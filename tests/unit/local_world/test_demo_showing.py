"""How the demo formats and shows things without a terminal."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from local.api import Answer
from local.demo.expectations import UnexpectedError
from local.demo.following import Bar
from local.demo.showing import Show
from local.demo.wrapping import wrapped

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class TestWrapping:
    @given(JSON, st.integers(1, 120))
    def test_it_is_the_same_document_at_every_width(self, value: Any, width: int) -> None:
        assert json.loads(wrapped(value, width)) == value

    def test_what_fits_stays_on_one_line(self) -> None:
        assert wrapped({"a": [1, 2]}, 80) == '{"a": [1, 2]}'

    def test_what_does_not_fit_is_opened_up_only_where_it_must(self) -> None:
        assert wrapped({"long": "x" * 10, "short": [1, 2]}, 24) == ('{\n  "long": "xxxxxxxxxx",\n  "short": [1, 2]\n}')

    def test_lines_keep_to_the_width_with_their_commas(self) -> None:
        value = {"first": {"a": ["xxxx", "yyyy", "zzzz"], "b": {}}, "second": [[1, 2, 3], [4, 5, 6]]}

        for width in range(20, 60):
            assert max(len(line) for line in wrapped(value, width).splitlines()) <= width


class TestShow:
    @pytest.fixture
    def written(self) -> io.StringIO:
        return io.StringIO()

    @pytest.fixture
    def show(self, written: io.StringIO) -> Show:
        return Show(Console(file=written, width=80, highlight=False), started=0)

    def test_without_a_terminal_there_are_plain_lines_of_80_columns(self, show: Show, written: io.StringIO) -> None:
        show.heading("A step")
        show.request("POST", "/v1/executions", {"inputs": {"text": "word " * 40}})
        show.answer(Answer(422, {"content-type": "application/problem+json"}, b"{}", 12.3), {"code": "[bold]x"})
        with show.waiting("for nothing"):
            show.change(1.5, "running", "execute has claimed it")
        show.bars([Bar("queued", 1, 0, 4)])
        show.table(("a", "b"), [("1", "[red]2")])
        show.failed(UnexpectedError("the status", 202, "502 with " + "x" * 200))

        lines = written.getvalue().splitlines()

        assert "\x1b" not in written.getvalue()
        assert max(len(line) for line in lines) <= 80
        assert any("[bold]x" in line for line in lines), "what is shown is not taken for markup"
        assert any("[red]2" in line for line in lines)
        assert "for nothing" not in written.getvalue()

    def test_long_lines_go_on_below_their_beginning(self, show: Show, written: io.StringIO) -> None:
        show.json({"detail": "word " * 30})

        lines = written.getvalue().splitlines()

        assert lines[1].startswith('       "detail": "word')
        assert all(line.startswith("         word") for line in lines[2:4])

    def test_steps_are_numbered_and_their_requests_set_apart(self, show: Show, written: io.StringIO) -> None:
        show.heading("One")
        show.request("GET", "/a")
        show.request("GET", "/b")
        show.heading("Two")

        lines = written.getvalue().splitlines()

        assert [line[:2] for line in lines if "──" in line] == [" 1", " 2"]
        assert lines[lines.index("   → GET /b") - 1] == ""
