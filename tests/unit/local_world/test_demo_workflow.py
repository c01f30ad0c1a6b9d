"""How the demo draws a workflow."""

from typing import Any

import pytest

from local.demo.workflow import drawn


def _step(status: str, items: list[str] | None = None, after: tuple[str, ...] = ()) -> dict[str, Any]:
    shown = None if items is None else [{"status": each} for each in items]
    return {"status": status, "items": shown, "dependsOn": list(after)}


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ({"a": _step("completed"), "b": _step("waiting")}, "✓ a ─► · b"),
        ({"a": _step("running", ["completed", "queued"]), "b": _step("failed")}, "► a 1/2 ─► ✗ b"),
        ({"b": _step("waiting", after=("c",)), "c": _step("completed")}, "✓ c ─► · b"),
        ({"a": _step("unknown", []), "b": _step("skipped")}, "? a 0/0 ─► ○ b"),
    ],
)
def test_a_workflow_is_one_line(steps: dict[str, Any], line: str) -> None:
    assert drawn({"steps": steps}) == line
