"""State changes in one module and is written by one: `ledger/steps.py` draws all that can happen to an execution, and
`workflows/transitions.py` everything that can happen to a workflow.
"""

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
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
OF_WORKFLOWS = {
    *("state", "awaits", "items", "run", "round", "result", "started_at", "completed_at"),
    *("status", "settled_at", "stop", "error", "renewed", "delivery", "deadline_at"),
}
"""Parts of the records of a step and of a workflow."""
MACHINE = "workflows/transitions.py"
COPIES = {
    "ledger/document.py": "shows an execution as running until its result can be read",
    "execute/after_attempt.py": "names the result to store where the write of its outcome may have been made",
}
"""Where a copy is changed that is written nowhere."""


def changes(source: str, state: AbstractSet[str] = frozenset(STATE)) -> Iterator[str]:
    """Yield each field of state that `replace` changes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replace":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg and keyword.arg in state)


def writes(source: str) -> Iterator[str]:
    """Yield each call that writes a record to its store."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"create", "save"}:
            owner = node.func.value
            if isinstance(owner, ast.Attribute) and owner.attr == "store":
                yield node.func.attr


def is_of_workflows(name: str) -> bool:
    return name.startswith("workflows/") or name == "wiring/settled_workflows.py"


MODULES = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


def test_what_counts_as_state_are_fields_of_the_record() -> None:
    assert set(Execution.__dataclass_fields__) >= STATE


def test_the_ledger_alone_changes_state() -> None:
    changing = {name for name, source in MODULES.items() if not is_of_workflows(name) and list(changes(source))}
    assert changing == {*LEDGER, *COPIES}


def test_the_state_machine_alone_changes_a_workflow() -> None:
    """`replace(workflow, run=…)` puts what was written into what is known; it is none of the records."""
    known = {
        "workflows/working_copy.py": {"run"},
        "workflows/decisions.py": {"run"},
        "wiring/settled_workflows.py": {"run"},
        "workflows/table_dynamodb.py": {"awaits"},
    }
    for name, source in MODULES.items():
        if is_of_workflows(name) and name != MACHINE:
            assert set(changes(source, OF_WORKFLOWS)) <= known.get(name, set()), name
    assert set(changes(MODULES[MACHINE], OF_WORKFLOWS)) >= {"round", "status", "settled_at"}


def test_the_recorder_alone_writes_it() -> None:
    assert {name for name, source in MODULES.items() if not is_of_workflows(name) and list(writes(source))} == {
        "ledger/recorder.py",
        "ledger/retention.py",
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [("replace(execution, status=1)", ["status"]), ("replace(settings, limit=1)", []), ("dict(status=1)", [])],
)
def test_a_change_of_state_is_seen(source: str, found: list[str]) -> None:
    assert list(changes(source)) == found
