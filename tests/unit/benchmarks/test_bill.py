"""The bill: counts in money."""

import pytest

from benchmarks.cost.bill import Line, bill, side_by_side, total
from benchmarks.cost.worker import Count

MEMORY = {"validate": 512, "execute": 1_024, "count": 512}
COUNT = Count(
    executions=20,
    requests={"dynamodb:PutItem": 60, "sqs:SendMessage": 20, "s3:GetObject": 10},
    write_units={"execution": 100},
    read_units={"execution": 10.0},
    logged_bytes=20_000,
    validate_ms=[9.2, 9.4, 30.0],
    execute_ms=[299.5, 300.0],
    count_ms=[8.0, 9.9],
)


def lines(batch: int) -> dict[str, Line]:
    return {line.what: line for line in bill(COUNT, batch, MEMORY)}


def test_a_quantity_is_that_of_one_execution() -> None:
    assert lines(1)["DynamoDB write units, execution"].quantity == 5
    assert lines(1)["DynamoDB write units, execution"].per_million == pytest.approx(3.125)
    assert lines(1)["s3:GetObject"].quantity == 0.5


def test_billed_time_is_the_median_rounded_up_to_a_millisecond() -> None:
    assert lines(1)["Lambda validate, GB-s"].quantity == pytest.approx(0.010 * 0.5)


def test_a_batch_shares_its_invocation_and_what_the_poller_does() -> None:
    assert lines(10)["Lambda execute, GB-s"].quantity == pytest.approx(0.030)
    assert lines(10)["Lambda, invocations"].quantity == pytest.approx(1.2)
    assert lines(10)["SQS, receives and deletes"].quantity == pytest.approx(0.2)


def test_what_is_submitted_together_shares_its_request() -> None:
    together = {line.what: line for line in bill(COUNT, 10, MEMORY, 100)}
    assert together["API Gateway, requests"].quantity == pytest.approx(0.01)
    assert together["Lambda validate, GB-s"].quantity == pytest.approx(0.010 * 0.5 / 100)
    assert together["Lambda, invocations"].quantity == pytest.approx(0.21)
    assert together["X-Ray, traces"].quantity == pytest.approx(0.0505)
    assert together["SQS, sends"] == lines(10)["SQS, sends"]


def test_two_bills_are_one_table() -> None:
    left = (Line("a", 1, 1e-6), Line("nothing", 0, 1e-6), Line("seen", 2, 1e-6, watching=True))
    assert side_by_side(left, (Line("b", 3, 1e-6),)) == (
        ("a", "1", "1.00", "0", "0.00"),
        ("seen", "2", "2.00", "0", "0.00"),
        ("b", "0", "0.00", "3", "3.00"),
        ("**to run**", "", "1.00", "", "3.00"),
        ("**with logs and traces**", "", "3.00", "", "3.00"),
    )


def test_counting_is_shared_by_all_that_are_counted_at_once() -> None:
    assert lines(10)["Lambda count, GB-s"].quantity == pytest.approx(0.009 * 0.5 * 2 / 20)


def test_logs_and_traces_are_a_sum_of_their_own() -> None:
    watched = bill(COUNT, 1, MEMORY)

    assert total(watched, watching=True) - total(watched, watching=False) == pytest.approx(
        sum(line.per_million for line in watched if line.watching)
    )
