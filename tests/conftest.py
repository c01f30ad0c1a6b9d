"""Marks the tests that run under coverage, so that `make test` can select these and then all others."""

import gc
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

HERE = Path(__file__).parent
MEASURED = ("unit", "functional")
OF_OTHER_CODE = ("benchmarks", "build", "docs", "examples", "local_verify", "local_world")
"""Folders of unit tests that test nothing of layers/core."""


@pytest.hookimpl(tryfirst=True)  # before pytest selects tests by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_measured(item):
            item.add_marker("measured")


def _is_measured(item: pytest.Item) -> bool:
    """Return whether a test is measured. Repetitive ones are not: coverage doubles their time for no new lines."""
    if not item.path.is_relative_to(HERE):
        return False
    folder, inner, *_ = item.path.relative_to(HERE).parts
    is_repetitive = item.get_closest_marker("repetitive") or is_hypothesis_test(getattr(item, "obj", None))
    return folder in MEASURED and inner not in OF_OTHER_CODE and not is_repetitive


def pytest_collection_finish() -> None:
    """Exclude the thousands of collected tests from garbage collection."""
    gc.collect()
    gc.freeze()
