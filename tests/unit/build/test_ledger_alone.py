"""State is made in one module and written by one: what `ledger.py` draws is all that can happen to an execution."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from actionrelay.ledger.execution import Execution

PACKAGE = Path(__file__).parents[3] / "layers/core/src/actionrelay"
STATE = {
    *("status", "outcome", "attempt", "attempts", "chances_used", "reruns", "postponements", "may_have_run"),
    *("next_at", "deadline_at", "completed_at", "delivery", "audit"),
    "webhook_ids",
}
LEDGER = {"ledger/steps.py", "ledger/history.py", "ledger/execution.py"}
"""The steps, the entry that each leaves, and what a delivery's own next values are."""
COPIES = {
    "ledger/document.py": "shows an execution as running until its result can be read",
    "execute/after_attempt.py": "names the result to store where the write of its outcome may have been made",
}
"""Where a copy is changed that is written nowhere."""


def changes(source: str) -> Iterator[str]:
    """Yield each field of state that `replace` changes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replace":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg in STATE)


def writes(source: str) -> Iterator[str]:
    """Yield each call that writes a record to its store."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"create", "save"}:
            owner = node.func.value
            if isinstance(owner, ast.Attribute) and owner.attr == "store":
                yield node.func.attr


MODULES = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


def test_what_counts_as_state_are_fields_of_the_record() -> None:
    assert set(Execution.__dataclass_fields__) >= STATE


def test_the_ledger_alone_changes_state() -> None:
    changing = {name for name, source in MODULES.items() if list(changes(source))}
    assert changing == {*LEDGER, *COPIES}


def test_the_recorder_alone_writes_it() -> None:
    assert {name for name, source in MODULES.items() if list(writes(source))} == {
        "ledger/recorder.py",
        "ledger/retention.py",
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [("replace(execution, status=1)", ["status"]), ("replace(settings, limit=1)", []), ("dict(status=1)", [])],
)
def test_a_change_of_state_is_seen(source: str, found: list[str]) -> None:
    assert list(changes(source)) == found
