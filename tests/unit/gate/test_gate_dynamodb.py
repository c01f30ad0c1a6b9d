"""The rate gate's item: what is read and written, and what happens when others write too."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from actionrelay.errors import StoreUnavailableError
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.ports import Ask
from actionrelay.gate.rate import FlowState, GateState, Lease, Rate
from actionrelay.gate.turns import MAX_FLOWS, Decision, Share, Sharing
from actionrelay.lanes import Flow, Lane
from benchmarks.cost.capacity import item_bytes
from tests.fakes.aws import FakeDynamoDb, aws_error
from tests.fakes.chance import NOON

THROTTLED = aws_error("ProvisionedThroughputExceededException")
UNREACHABLE = ConnectTimeoutError(endpoint_url="http://nowhere")
KEY = ("gate#genesys", "gate")
ARRIVES, RETURNS = Ask(), Ask(waited=True)
ONE = {ARRIVES: 1}


def gate(dynamodb: FakeDynamoDb, per_minute: int = 60) -> TableRateGate:
    """A worker, that has seen nothing yet."""
    return TableRateGate(dynamodb, "executions", Sharing(Rate(per_minute)))  # type: ignore[arg-type]


def take(worker: TableRateGate, now: int, *, waited: bool = False) -> int:
    """Ask for a batch of one."""
    ask = RETURNS if waited else ARRIVES
    return worker.for_batch([ask]).take(now, ask)


class Table:
    """A table that counts what it is asked, and lets somebody else write first on demand."""

    def __init__(self) -> None:
        self.stored, self.asked = FakeDynamoDb(), list[str]()
        self.before_put: list[Callable[[], object]] = []

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        self.asked.append("put")
        if self.before_put:
            self.before_put.pop()()
        return self.stored.put_item(**parameters)

    def get_item(self, **parameters: Any) -> dict[str, Any]:
        self.asked.append("get")
        return self.stored.get_item(**parameters)

    def worker(self, per_minute: int = 60) -> TableRateGate:
        return TableRateGate(self, "executions", Sharing(Rate(per_minute)))  # type: ignore[arg-type]

    @property
    def item(self) -> dict[str, Any]:
        return self.stored.items[KEY]


# -- One rate for all --


def test_two_workers_share_one_rate() -> None:
    dynamodb = FakeDynamoDb()
    first, second = gate(dynamodb, 1), gate(dynamodb, 1)
    assert take(first, NOON) == 0
    opens_in = 61_000
    assert take(second, NOON) == opens_in
    assert take(first, NOON) == 2 * opens_in, "a place in the line, behind the one before"
    assert take(second, NOON, waited=True) == opens_in
    assert take(second, NOON + opens_in, waited=True) == 0
    assert take(first, NOON + opens_in, waited=True) > 0


def test_one_write_decides_for_a_whole_batch() -> None:
    table = Table()
    assert table.worker().ask(NOON, {RETURNS: 1, ARRIVES: 3}).shares[ARRIVES] == Share(2, (1_017,))
    interval_ms = Decimal(Rate(60).interval_us) / 1_000
    assert (table.asked, table.item["pk"], table.item["sk"]) == (["put"], {"S": KEY[0]}, {"S": KEY[1]})
    assert table.item["version"] == {"N": "1"}
    assert Decimal(table.item["busy_until"]["N"]) == NOON, "all three that the bucket held"
    assert Decimal(table.item["line_until"]["N"]) == NOON + 2 * interval_ms
    assert json.loads(table.item["flows"]["S"]) == [["interactive", "", 3, int(1_000 * (NOON + 2 * interval_ms)), 0]]
    assert table.item["paused_until"] == {"N": "0"}


def test_ten_messages_of_a_batch_ask_the_table_once() -> None:
    table = Table()
    batch = table.worker(600).for_batch([ARRIVES] * 10)
    assert [batch.take(NOON, ARRIVES) for _ in range(10)] == [0] * 10
    assert table.asked == ["put"]


def test_those_that_return_are_served_first() -> None:
    batch = gate(FakeDynamoDb()).for_batch([ARRIVES] * 2 + [RETURNS] * 3)
    assert [batch.take(NOON, ARRIVES) > 0 for _ in range(2)] == [True, True]
    assert [batch.take(NOON, RETURNS) for _ in range(3)] == [0, 0, 0]


# -- Pauses --


def test_a_pause_moves_the_line_to_its_end() -> None:
    dynamodb = FakeDynamoDb()
    gate(dynamodb).pause(NOON + 5_000)
    batch = gate(dynamodb).for_batch([ARRIVES] * 2)
    assert [batch.take(NOON, ARRIVES), batch.take(NOON, ARRIVES)] == [5_000, 6_017]
    assert take(gate(dynamodb), NOON + 4_999, waited=True) == 1
    assert take(gate(dynamodb), NOON + 5_000, waited=True) == 0


def test_a_pause_reaches_a_worker_that_remembers_otherwise() -> None:
    dynamodb = FakeDynamoDb()
    other = gate(dynamodb)
    assert take(other, NOON) == 0
    gate(dynamodb).pause(NOON + 5_000)
    gate(dynamodb).pause(NOON + 1_000)
    assert take(other, NOON) == 5_000


def test_a_pause_that_holds_already_writes_nothing() -> None:
    table = Table()
    worker = table.worker()
    worker.pause(NOON + 5_000)
    worker.pause(NOON + 4_000)
    assert table.asked == ["put"]


# -- Who writes at the same time --


def test_an_undisturbed_worker_needs_one_write_a_question() -> None:
    table = Table()
    worker = table.worker()
    for second in range(5):
        worker.ask(NOON + second * 1_000, {RETURNS: 1, ARRIVES: 1})
    assert table.asked == ["put"] * 5
    assert table.item["version"] == {"N": "5"}


def test_a_refused_worker_learns_the_state() -> None:
    table = Table()
    late, early = table.worker(), table.worker()
    assert early.ask(NOON, {ARRIVES: 3}).permits == 3
    table.asked.clear()
    assert late.ask(NOON, ONE).shares[ARRIVES] == Share(0, (1_017,))
    assert table.asked == ["put", "put"], "nothing is read"


def test_workers_that_take_turns_read_and_are_not_refused() -> None:
    table = Table()
    workers = [table.worker(1_200) for _ in range(3)]
    for second in range(30):
        workers[second % 3].ask(NOON + second * 1_000, ONE)
    refused = table.asked.count("put") - int(table.item["version"]["N"])
    assert refused == 3, "each has to meet the others once"
    assert table.asked.count("get") == 30 - 3 - 1


def test_a_worker_that_is_alone_again_stops_reading() -> None:
    table = Table()
    worker = table.worker(1_200)
    table.worker(1_200).ask(NOON, ONE)
    for second in range(30):
        worker.ask(NOON + second * 1_000, ONE)
    assert table.asked.count("get") == 8
    assert table.asked[-10:] == ["put"] * 10


def test_a_log_reads_back_the_same() -> None:
    table = Table()
    first, second = table.worker(10_000), table.worker(10_000)
    for number in range(40):
        first.ask(NOON + number * 150, {ARRIVES: 10})
    second.ask(NOON, ONE)
    assert second._seen.log == first._seen.log
    assert max(first._seen.log.counts) > 9


def test_a_read_that_fails_lets_nobody_through() -> None:
    table = Table()
    worker = table.worker()
    table.worker().ask(NOON, ONE)
    worker.ask(NOON, ONE)
    table.stored.trouble.before("get_item", THROTTLED)
    with pytest.raises(StoreUnavailableError):
        worker.ask(NOON, ONE)


@pytest.mark.parametrize(("quarrels", "through"), [(1, True), (4, True), (5, False)])
def test_five_contended_writes_count_as_a_refusal(quarrels: int, *, through: bool) -> None:
    table = Table()
    worker = table.worker()

    def write_first() -> None:
        """Another worker's write, of which this one knows nothing."""
        somebody = gate(table.stored)
        somebody.pause(1)
        somebody.pause(somebody._seen.paused_until + 1)

    table.before_put = [write_first] * quarrels
    answer = worker.ask(NOON, ONE)
    assert answer.permits == (1 if through else 0)
    assert through or answer == Decision(opens_in=1_000), "no place in the line either"
    assert len(table.asked) == min(quarrels + 1, 5)
    assert table.item["busy_until"] != {"N": "0"} if through else table.item["busy_until"] == {"N": "0"}


def test_no_permit_is_given_twice() -> None:
    dynamodb, together = FakeDynamoDb(), threading.Barrier(8, timeout=5)
    one_by_one = threading.Lock()

    class Shared:
        """DynamoDB decides about one put after the other."""

        def put_item(self, **parameters: Any) -> dict[str, Any]:
            with one_by_one:
                return dynamodb.put_item(**parameters)

        def get_item(self, **parameters: Any) -> dict[str, Any]:
            with one_by_one:
                return dynamodb.get_item(**parameters)

    def worker(_: int) -> int:
        mine = TableRateGate(Shared(), "executions", Sharing(Rate(200)))  # type: ignore[arg-type]
        together.wait()
        return sum(mine.ask(NOON, {ARRIVES: 2}).permits for _ in range(10))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(worker, range(8))) <= Rate(200).burst


def test_an_item_of_the_earlier_format_is_understood() -> None:
    table = Table()
    table.stored.items[KEY] = {
        "pk": {"S": KEY[0]},
        "sk": {"S": KEY[1]},
        "busy_until": {"N": f"{NOON + 500:.3f}"},
        "line_until": {"N": f"{NOON + 9_000:.3f}"},
        "paused_until": {"N": "0"},
        "version": {"N": "41"},
    }
    assert take(table.worker(), NOON) == 9_000
    assert table.item["version"] == {"N": "42"}


@pytest.mark.parametrize("microseconds", [0, 1, 999, 1_000, NOON * 1_000 + 1, 2**53 + 1])
def test_any_microsecond_reads_back_the_same(microseconds: int) -> None:
    table = Table()
    first, second = table.worker(), table.worker()
    flow = FlowState(Flow(Lane.BULK, "0123456789abcdef"), 7, microseconds, microseconds)
    leases = (Lease(3, NOON, 10), Lease(4, NOON + 1, 1))
    first._seen = GateState(microseconds, lane_lead=-80, flows=(flow,), leases=leases, version=1)
    first.pause(NOON)
    second.pause(NOON - 1)
    assert second._seen == first._seen
    assert second._seen.used_until_us == microseconds


# -- Actions under way --


def test_what_has_ended_goes_along_with_the_next_question() -> None:
    table = Table()
    worker = table.worker(1_200)
    lease = worker.ask(NOON, {ARRIVES: 3}, NOON + 90_000).lease
    worker.release(lease, 1)
    assert table.asked == ["put"], "few are under way, so nobody waits for these"
    worker.ask(NOON + 1_000, ONE)
    assert table.asked == ["put", "put"]
    assert json.loads(table.item["leases"]["S"]) == [[lease, NOON + 90_000, 1]]


def test_what_has_ended_is_written_where_many_are_under_way() -> None:
    table = Table()
    worker = table.worker(1_200)
    lease = worker.ask(NOON, {ARRIVES: 10}, NOON + 90_000).lease
    worker.release(lease, 5)
    assert json.loads(table.item["leases"]["S"]) == [[lease, NOON + 90_000, 5]]


def test_a_release_that_cannot_be_written_goes_with_the_next() -> None:
    table = Table()
    worker = table.worker(1_200)
    lease = worker.ask(NOON, {ARRIVES: 10}, NOON + 90_000).lease
    table.stored.trouble.before("put_item", THROTTLED)
    worker.release(lease, 0)
    assert json.loads(table.item["leases"]["S"]) == [[lease, NOON + 90_000, 10]]
    worker.ask(NOON + 1_000, ONE)
    assert json.loads(table.item["leases"]["S"]) == []


def test_a_release_whose_answer_was_lost_is_said_twice() -> None:
    table = Table()
    worker = table.worker(1_200)
    lease = worker.ask(NOON, {ARRIVES: 10}, NOON + 90_000).lease
    table.stored.trouble.after("put_item", UNREACHABLE)
    worker.release(lease, 4)
    worker.ask(NOON + 1_000, ONE)
    assert json.loads(table.item["leases"]["S"]) == [[lease, NOON + 90_000, 4]], "so many are left, however often"


def test_a_crowded_item_costs_two_write_units_at_most() -> None:
    table = Table()
    worker = table.worker()
    for number in range(3 * MAX_FLOWS):
        worker.ask(NOON + number, {Ask(Flow(Lane.BULK, f"{number:016x}")): 10}, NOON + 90_000)
    assert len(json.loads(table.item["flows"]["S"])) <= MAX_FLOWS + len(Lane)
    assert item_bytes(table.item) <= 2 * 1_024


# -- Failures --


@pytest.mark.parametrize("failure", [THROTTLED, UNREACHABLE], ids=["client", "network"])
@pytest.mark.parametrize(
    "call", [lambda worker: take(worker, NOON), lambda worker: worker.pause(NOON)], ids=["take", "pause"]
)
def test_a_failing_table_lets_nobody_through(call: Callable[[TableRateGate], object], failure: Exception) -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before("put_item", failure)
    with pytest.raises(StoreUnavailableError) as unavailable:
        call(gate(dynamodb))
    assert unavailable.value.context["aws_code"] in {"ProvisionedThroughputExceededException", "ConnectTimeoutError"}
    assert unavailable.value.__cause__ is None


def test_permits_of_a_lost_answer_stay_used_up() -> None:
    dynamodb = FakeDynamoDb()
    worker = gate(dynamodb, 1)
    dynamodb.trouble.after("put_item", UNREACHABLE)
    with pytest.raises(StoreUnavailableError):
        take(worker, NOON)
    assert take(worker, NOON) > 0
