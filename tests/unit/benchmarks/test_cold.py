"""The benchmark of cold starts measures every function, started as Lambda starts it."""

from pathlib import Path

import pytest

from benchmarks.cold import FIRST_EVENTS, ColdStartError, _Function, _require_usual

ROOT = Path(__file__).parents[3]


def test_each_function_has_a_first_event() -> None:
    assert FIRST_EVENTS.keys() == {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    for function, event in FIRST_EVENTS.items():
        assert (ROOT / "events" / function / f"{event}.json").is_file()


@pytest.mark.parametrize(("memory_mb", "cores"), [(128, 0.07), (512, 0.29), (1_769, 1.0), (3_008, 1.0)])
def test_a_function_gets_cores_by_its_memory(memory_mb: int, cores: float) -> None:
    assert _Function("execute", Path(), memory_mb).cores == cores


@pytest.mark.parametrize("answer", [{"statusCode": 202}, {"batchItemFailures": []}, {"statusCode": 404}, {"days": 1}])
def test_an_answer_over_empty_tables_is_taken(answer: dict[str, object]) -> None:
    _require_usual("validate", answer)


@pytest.mark.parametrize(
    "answer", [{"statusCode": 503}, {"batchItemFailures": [{"itemIdentifier": "m"}]}, {"errorType": "KeyError"}]
)
def test_a_function_that_failed_is_no_cold_start(answer: dict[str, object]) -> None:
    with pytest.raises(ColdStartError):
        _require_usual("validate", answer)
