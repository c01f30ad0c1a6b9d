"""Which tests run under coverage, that `make test` may ask for these and then for all others."""

import gc
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

HERE = Path(__file__).parent
MEASURED = ("unit", "functional")
OF_OTHER_CODE = ("benchmarks", "build", "docs", "examples", "local_verify", "local_world")
"""Folders of unit tests that are about no line of layers/core."""


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what has not the markers that are asked for
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_measured(item):
            item.add_marker("measured")


def _is_measured(item: pytest.Item) -> bool:
    """Coverage doubles the time of a test that goes over the same lines again and again, and learns nothing from it."""
    if not item.path.is_relative_to(HERE):
        return False
    folder, inner, *_ = item.path.relative_to(HERE).parts
    is_repetitive = item.get_closest_marker("repetitive") or is_hypothesis_test(getattr(item, "obj", None))
    return folder in MEASURED and inner not in OF_OTHER_CODE and not is_repetitive


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the thousands of tests that were found."""
    gc.collect()
    gc.freeze()
