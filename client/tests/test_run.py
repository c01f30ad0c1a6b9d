"""A file of rows, each run once: sent in batches, followed, gone on with."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actionrelay_client import AccessDeniedError, Client, NoAnswerError, NotServedError, Repeats
from actionrelay_client.bulk import following, sending
from actionrelay_client.bulk.book import Book, BookError, State
from actionrelay_client.bulk.order import Order
from actionrelay_client.bulk.progress import Progress
from actionrelay_client.bulk.results import ResultsError
from actionrelay_client.bulk.run import Run
from actionrelay_client.bulk.shape import Shape
from actionrelay_client.bulk.table import TableError, open_table
from actionrelay_client.command.exits import Exit, exit_of
from fake_relay import API_KEY, FakeRelay


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than it takes to see that somebody waits."""
    monkeypatch.setattr(sending, "_PACE", Repeats(base_seconds=0.01, cap_seconds=0.02))
    monkeypatch.setattr(following, "_SHORTEST", 0.01)
    monkeypatch.setattr(following, "_LONGEST", 0.05)


class Case:
    """One file and its run, as often as it is wanted."""

    def __init__(self, relay: FakeRelay, folder: Path) -> None:
        self.relay = relay
        self.file = folder / "rows.csv"
        self.out = folder / "out.jsonl"

    def rows(
        self, count: int, row: Callable[[int], str] = lambda n: f"{n},completed", header: str = "id,outcome"
    ) -> None:
        self.file.write_text(f"{header}\n" + "".join(f"{row(n)}\n" for n in range(1, count + 1)))

    @contextlib.contextmanager
    def run(self, **how: Any) -> Iterator[Run]:
        client = Client(self.relay.url, api_key=API_KEY, repeats=Repeats(tries=1))
        order = how.pop("order", Order("batch", "action", {"lane": "bulk"}))
        with client, Run(client, open_table(self.file), Shape(key="id"), order, self.out, **how) as run:
            run.check()
            yield run

    def go(self, **how: Any) -> dict[str, int]:
        with self.run(**how) as run:
            return {each.outcome: each.count for each in run.send_and_follow()}

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    @property
    def batches(self) -> list[list[Any]]:
        sent = [json.loads(body) for _, target, _, body in self.relay.seen if target.endswith("/batches")]
        return [each["executions"] for each in sent]


@pytest.fixture
def case(relay: FakeRelay, tmp_path: Path) -> Case:
    return Case(relay, tmp_path)


def test_every_row_runs_once_and_has_its_line_in_order(case: Case) -> None:
    case.rows(250, lambda n: f"{n},{'failed' if n == 7 else 'unknown' if n == 9 else 'completed'}")
    assert case.go() == {"completed": 248, "failed": 1, "unknown": 1}
    assert set(case.relay.runs.values()) == {1}
    assert [len(batch) for batch in case.batches] == [100, 100, 50]
    lines = case.lines()
    assert [line["row"] for line in lines] == list(range(1, 251))
    assert (lines[6]["status"], lines[6]["error"]["code"], lines[6]["key"]) == ("failed", "http_400", "7")
    assert lines[0]["result"] == {"echo": {"id": "1", "outcome": "completed"}}


def test_a_request_says_all_of_a_row(case: Case) -> None:
    case.rows(1)
    order = Order("batch", "action", {"lane": "bulk", "timeout": 1000})
    case.go(order=order)
    (request,) = case.batches[0]
    assert request == {
        "executionId": str(order.execution_id("1")),
        "traceId": str(order.run_id),
        "actionId": "action",
        "inputs": {"id": "1", "outcome": "completed"},
        "lane": "bulk",
        "timeout": 1000,
    }


def test_batches_keep_the_limit_of_a_body(case: Case) -> None:
    case.rows(30, lambda n: f"{n}," + "x" * 1000, header="id,text")
    case.go(max_bytes=5000)
    bodies = [len(body) for _, target, _, body in case.relay.seen if target.endswith("/batches")]
    assert max(bodies) <= 5000
    assert len(bodies) < 15
    assert sum(case.relay.runs.values()) == 30


def test_a_deployment_that_takes_less_gets_smaller_batches(case: Case) -> None:
    case.relay.max_payload_bytes = 2000
    case.rows(40, lambda n: f"{n}," + ("x" * 3000 if n == 3 else "y"), header="id,text")
    assert case.go() == {"completed": 39, "refused": 1}
    assert case.lines()[2]["problem"]["code"] == "payload_too_large"


def test_the_same_run_again_runs_nothing_and_asks_little(case: Case) -> None:
    case.rows(120)
    case.go()
    first, asked = case.out.read_bytes(), len(case.relay.seen)
    assert case.go() == {"completed": 120}
    assert case.out.read_bytes() == first
    assert len(case.relay.seen) - asked == 2
    assert set(case.relay.runs.values()) == {1}


def before(case: Case) -> tuple[int, int]:
    """Run it; return how many rows are said to have ended before, by the book and by the bar."""
    with case.run() as run:
        run.send_and_follow()
        return run.book.before(), run.progress.figures().before


@pytest.mark.parametrize("results", ["kept", "gone"])
def test_a_run_that_goes_on_knows_what_had_ended(case: Case, results: str) -> None:
    case.rows(7, lambda n: f"{n},{'failed' if n == 2 else 'completed'}")
    assert before(case) == (0, 0)
    case.relay.passes(60)
    case.rows(10, lambda n: f"{n},{'failed' if n == 2 else 'completed'}")
    if results == "gone":
        case.out.unlink()
    assert before(case) == (7, 7)


def test_what_ended_while_it_was_sent_again_had_not_before(case: Case) -> None:
    case.rows(10)
    case.relay.trouble("POST", "/batches", lose="after", times=2)
    assert before(case) == (0, 0)


def test_what_ends_after_it_was_sent_again_had_not_before(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order("batch", "action", {"lane": "bulk"})
    inputs: list[dict[str, str]] = [{"id": str(number), "outcome": "completed"} for number in range(1, 6)]
    case.relay.delay = 3600
    with Client(case.relay.url, api_key=API_KEY) as client:
        client.batch([order.request(order.execution_id(each["id"]), each) for each in inputs])
    judge = case.relay.batch

    def batch(request: dict[str, Any]) -> dict[str, Any]:
        answer = judge(request)
        for record in case.relay.records.values():
            record.ends = time.time()
        return answer

    monkeypatch.setattr(case.relay, "batch", batch)
    case.rows(5)
    assert before(case) == (0, 0)
    assert set(case.relay.runs.values()) == {1}


def test_a_clock_that_is_wrong_makes_no_new_row_an_old_one(case: Case) -> None:
    case.rows(10)
    case.relay.delay = -60
    assert before(case) == (0, 0)


def test_without_the_file_of_results_it_is_made_again(case: Case) -> None:
    case.rows(20)
    case.go()
    first = case.out.read_bytes()
    case.out.unlink()
    case.go()
    assert case.out.read_bytes() == first


def test_an_edited_row_is_found_and_not_run(case: Case) -> None:
    case.rows(10)
    case.go()
    case.rows(10, lambda n: f"{n},{'failed' if n == 4 else 'completed'}")
    assert case.go() == {"completed": 9, "refused": 1}
    assert case.lines()[3]["problem"]["code"] == "execution_conflict"
    assert set(case.relay.runs.values()) == {1}


def test_rows_that_were_added_or_moved_run_once(case: Case) -> None:
    case.rows(5)
    case.go()
    case.file.write_text("id,outcome\n6,completed\n" + "".join(f"{n},completed\n" for n in (5, 1, 2)))
    assert case.go() == {"completed": 4}
    assert (len(case.relay.runs), set(case.relay.runs.values())) == (6, {1})
    # A row that is gone from the file keeps its line.
    assert sorted(line["key"] for line in case.lines()) == ["1", "2", "3", "4", "5", "6"]


def test_what_failed_and_was_retried_is_read_again(case: Case) -> None:
    case.rows(5, lambda n: f"{n},{'failed' if n == 2 else 'completed'}")
    assert case.go() == {"completed": 4, "failed": 1}
    with Client(case.relay.url, api_key=API_KEY) as client:
        client.retry(str(Order("batch", "").execution_id("2")))
    assert case.go() == {"completed": 5}
    assert [line["status"] for line in case.lines()] == ["completed"] * 5


def test_a_line_that_was_cut_off_is_dropped(case: Case) -> None:
    case.rows(5)
    case.go()
    whole = case.out.read_bytes()
    for cut in (1, 100, len(whole) // 2):
        case.out.write_bytes(whole[:-cut])
        assert case.go() == {"completed": 5}
        assert case.out.read_bytes() == whole


@pytest.mark.parametrize(
    "text", ["id,name\n1,2\n", '{"id": 1}\n', '{"name":"other","row":1,"key":"1","status":"completed"}\n']
)
def test_a_file_that_holds_something_else_is_kept(case: Case, text: str) -> None:
    case.rows(2)
    case.out.write_text(text)
    with pytest.raises(ResultsError, match="name another file"):
        case.go()
    assert case.out.read_text() == text
    assert case.relay.runs == {}


def test_the_file_of_rows_is_not_written(case: Case) -> None:
    case.rows(2)
    case.out = case.file
    with pytest.raises(TableError, match="name another one"):
        case.go()


def test_two_runs_do_not_write_one_file(case: Case) -> None:
    case.rows(2)
    case.relay.delay = 60
    with case.run() as run:
        thread = threading.Thread(target=run.send_and_follow)
        thread.start()
        try:
            while not case.relay.runs:
                run._stop.wait(0.01)
            with pytest.raises(ResultsError, match="another run is writing"):
                case.go()
        finally:
            run._stop.set()
            thread.join()


@pytest.mark.parametrize(
    "what",
    [
        {"status": 429, "code": "backlog_full", "retry_after": "0"},
        {"status": 429, "code": "throttled"},
        {"status": 503, "code": "store_unavailable"},
        {"status": 504, "code": "no_answer"},
        {"lose": "before"},
        {"lose": "after"},
    ],
    ids=lambda what: str(what.get("code") or what.get("lose")),
)
@pytest.mark.parametrize("path", ["/batches", "/executions/"])
def test_troubles_that_pass_cost_time_and_no_row(case: Case, path: str, what: dict[str, Any]) -> None:
    case.rows(150)
    case.relay.trouble("POST" if path == "/batches" else "GET", path, times=5, **what)
    assert case.go() == {"completed": 150}
    assert set(case.relay.runs.values()) == {1}


def test_a_backlog_that_is_full_takes_rows_as_it_empties(case: Case) -> None:
    case.relay.backlog = 30
    case.relay.delay = 0.05
    case.rows(120)
    assert case.go() == {"completed": 120}
    assert set(case.relay.runs.values()) == {1}


def test_a_row_that_the_deployment_refuses_stops_no_other(case: Case) -> None:
    case.rows(5, lambda n: f"{n},{'invalid' if n == 2 else 'completed'}")
    assert case.go() == {"completed": 4, "refused": 1}
    assert case.lines()[1]["problem"]["errors"][0]["pointer"] == "/inputs/outcome"


def test_a_deployment_that_stays_away_ends_the_run(case: Case) -> None:
    case.rows(5)
    case.relay.trouble("POST", "/batches", times=10_000, lose="before")
    with pytest.raises(NoAnswerError):
        case.go(patience_seconds=0.1)
    case.relay.troubles.clear()
    assert case.go() == {"completed": 5}


def test_credentials_that_expire_end_the_run_resumably(case: Case) -> None:
    case.rows(5)
    case.relay.trouble("GET", "/executions/", times=10, status=403, code="expired_token")
    with pytest.raises(AccessDeniedError):
        case.go()
    case.relay.troubles.clear()
    assert case.go() == {"completed": 5}
    assert set(case.relay.runs.values()) == {1}


def test_a_deployment_without_batches_is_said(case: Case) -> None:
    case.rows(1)
    case.relay.serves = ("/executions",)
    with pytest.raises(NotServedError):
        case.go()


def test_a_file_that_changes_meanwhile_ends_the_run(case: Case) -> None:
    case.rows(5)
    with case.run() as run:
        case.rows(6)
        with pytest.raises(TableError, match="has changed"):
            run.send_and_follow()
    assert case.relay.runs == {}


def test_invalid_rows_and_duplicates_are_not_sent(case: Case) -> None:
    case.file.write_text("id,outcome\n1,completed\n,completed\n1,other\n2,completed\n3\n")
    with case.run() as run:
        assert run.checked is not None
        assert [(each.number, each.faults) for each in run.checked.faults] == [
            (2, ("id is the key, and must be a text or an integer",)),
            (3, ("has the same id as row 1",)),
            (5, ("has 1 cells, the header has 2",)),
        ]
        run.send_and_follow()
    assert [line["status"] for line in case.lines()] == ["completed", "invalid", "invalid", "completed", "invalid"]
    assert len(case.relay.runs) == 2


def test_equal_rows_without_a_key_are_one(case: Case) -> None:
    case.file.write_text("id\n1\n1\n")
    with Run(Client(case.relay.url, api_key=API_KEY), open_table(case.file), Shape(), Order("b", "a")) as run:
        checked = run.check()
    assert checked.invalid == 1
    assert "is the same as row 1; to run both" in checked.faults[0].faults[0]


def test_a_row_that_is_too_large_is_found_before_it_is_sent(case: Case) -> None:
    case.rows(2, lambda n: f"{n}," + "x" * (600 if n == 2 else 1), header="id,text")
    with case.run(max_bytes=500) as run:
        assert run.checked is not None
        assert [each.number for each in run.checked.faults] == [2]


def test_numbers_of_a_result_are_written_as_they_came(case: Case) -> None:
    case.relay.result = lambda inputs: '{"total":10.10,"big":12345678901234567.891}'
    case.rows(1)
    case.go()
    assert '"result":{"total":10.10,"big":12345678901234567.891}' in case.out.read_text()


# -- Progress and book ------------------------------------------------------------------------------------------------


def test_progress_measures_what_ends_by_itself() -> None:
    now = [0.0]
    progress = Progress(100, clock=lambda: now[0])
    progress.accepted(100)
    for _ in range(40):
        progress.ended("completed", before=True)
    for second in range(30):
        now[0] = float(second)
        progress.ended("failed" if second == 0 else "completed", before=False)
    now[0] = 30.0
    figures = progress.figures()
    assert (figures.ended, figures.failed, figures.before, figures.per_minute) == (70, 1, 40, 60.0)
    assert figures.seconds_left == 30.0
    now[0] = 200.0
    assert progress.figures().seconds_left is None


def test_a_note_stays_until_something_happens() -> None:
    progress = Progress(1)
    progress.waits("because")
    assert progress.figures().note == "because"
    progress.accepted(1)
    assert progress.figures().note == ""


def test_no_room_for_the_book_ends_the_run_resumably(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.rows(400)
    with case.run() as run:
        pages = run.book._database.execute("PRAGMA page_count").fetchone()[0]
        run.book._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(BookError, match="database or disk is full; SQLITE_TMPDIR names another folder") as full:
            run.send_and_follow()
    assert exit_of(full.value) is Exit.RESULTS
    assert case.go() == {"completed": 400}
    assert set(case.relay.runs.values()) == {1}


def test_a_book_gives_rows_that_are_due_in_order() -> None:
    now = [0.0]
    order = Order("b", "a")
    with Book(clock=lambda: now[0]) as book:
        for number in (1, 2, 3):
            assert book.add(number, str(number), order.execution_id(str(number))) is None
            book.under_way(number, known=False)
        assert book.add(4, "1", order.execution_id("1")) == 1
        book.later(1, 10)
        assert [each.number for each in book.due(5)] == [2, 3]
        book.ended(2, "failed", "x", 0, before=True)
        now[0] = 10
        assert [(each.number, each.looks) for each in book.due(1)] == [(1, 1)]
        assert book.before() == 1
        assert {each.state for each in book.outcomes()} == {State.UNDER_WAY, State.ENDED, State.INVALID}
        assert book.in_need(5) == [
            (2, "2", "failed", "x", str(order.execution_id("2"))),
            (4, "1", "invalid", "duplicate", None),
        ]
