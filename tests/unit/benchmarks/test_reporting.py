"""Samples and targets, and how both are shown and stored."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import readme, samples
from benchmarks.results import Result, Target
from benchmarks.sampling import Series, in_turns
from benchmarks.table import markdown, missed

RESULT = Result(
    name="client",
    title="One call",
    columns=("", "µs"),
    rows=(("ours", "12"),),
    targets=(Target("a call", 1.31, 1.3), Target("another", 1.3, 1.3)),
    notes=("a note",),
)


def test_sides_are_sampled_in_turns_after_one_round_for_nothing() -> None:
    order: list[str] = []

    def side(name: str) -> Callable[[], float]:
        def sample() -> float:
            order.append(name)
            return float(len(order))

        return sample

    taken = in_turns({"a": side("a"), "b": side("b")}, rounds=2)

    assert order == ["a", "b", "a", "b", "b", "a"]
    assert taken["a"].values == (3.0, 6.0)


@pytest.mark.parametrize(("part", "expected"), [(0.25, 3.0), (0.5, 5.0), (0.95, 10.0), (0.0, 1.0), (1.0, 10.0)])
def test_a_quantile_is_a_sample(part: float, expected: float) -> None:
    assert Series(tuple(float(n) for n in range(1, 11))).quantile(part) == expected


def test_a_target_holds_up_to_its_limit() -> None:
    assert missed([RESULT]) == [RESULT.targets[0]]
    assert "MISSED" in str(RESULT.targets[0])


def test_results_are_markdown_with_verdicts_and_notes() -> None:
    text = markdown([RESULT], "a machine")["client"]

    assert text.startswith("### `client`: One call\n\na machine\n\n|  | µs |\n| --- | ---: |\n| ours | 12 |")
    assert "at most 1.30" in text
    assert text.endswith("- a note")


def test_results_replace_what_is_between_the_markers() -> None:
    before = f"head\n{readme.BEGIN}\nold\n{readme.END}\ntail\n"

    after = readme.replaced(before, "new")

    assert after == f"head\n{readme.BEGIN}\n\nnew\n\n{readme.END}\ntail\n"
    assert readme.replaced(after, "new") == after


def test_a_benchmark_that_was_not_run_keeps_its_results(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(
        f"head\n{readme.BEGIN}\n\n### `a`: A\n\nold\n\n### `b`: B\n\nold\n\n{readme.END}\n", encoding="utf-8"
    )

    readme.write({"b": "### `b`: B\n\nnew", "c": "### `c`: C\n\nnew"}, file)

    assert readme.kept(file.read_text(encoding="utf-8")) == {
        "a": "### `a`: A\n\nold",
        "b": "### `b`: B\n\nnew",
        "c": "### `c`: C\n\nnew",
    }


@pytest.mark.parametrize("text", ["", f"{readme.END}{readme.BEGIN}", f"{readme.BEGIN * 2}{readme.END}"])
def test_a_file_without_clear_markers_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        readme.replaced(text, "new")


def test_the_readme_has_its_markers() -> None:
    assert readme.replaced(readme.README.read_text(encoding="utf-8"), "x")


@pytest.mark.parametrize("size", [samples.SMALL_BYTES, samples.LARGE_BYTES])
def test_a_sample_is_nearly_as_large_as_asked_and_never_larger(size: int) -> None:
    document = samples.request(size)

    assert size - 100 < len(json.dumps(document)) <= size
    assert document == samples.request(size)
    assert document != samples.request(size, label="other")
