"""The summary of a run, with the rows that need a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actionrelay_client.bulk.book import Book, Outcome, State
from actionrelay_client.bulk.checking import Checked
from actionrelay_client.bulk.order import Order
from actionrelay_client.command.showing import Screen

SHOWN = 10
"""Rows that are shown to people."""
_MOST = 100
"""Rows that are printed as JSON."""
_OPEN = {State.CHECKED: "not sent", State.UNDER_WAY: "under way"}


@dataclass(frozen=True)
class Summary:
    """A run that has ended or was stopped."""

    order: Order
    checked: Checked
    outcomes: Sequence[Outcome]
    interrupted: bool
    in_need: Sequence[tuple[int, str, str, str, str | None]]
    """Number, key, outcome, code and execution id of the first rows that need a person."""
    before: int
    """How many rows had ended before this run began."""

    @classmethod
    def of(cls, order: Order, checked: Checked, book: Book, *, interrupted: bool) -> "Summary":
        """Read it out of a run's book."""
        return cls(order, checked, book.outcomes(), interrupted, book.in_need(_MOST), book.before())

    @property
    def needs_a_person(self) -> bool:
        """Whether a row did not complete."""
        return bool(self.in_need)

    def count(self, outcome: str) -> int:
        """Return how many rows have this outcome."""
        return sum(each.count for each in self.outcomes if each.outcome == outcome)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.order.name,
            "traceId": str(self.order.run_id),
            "rows": self.checked.rows,
            **{
                name: self.count(name) for name in ("completed", "failed", "unknown", "cancelled", "refused", "invalid")
            },
            "notEnded": sum(each.count for each in self.outcomes if each.state in _OPEN),
            "endedBefore": self.before,
            "interrupted": self.interrupted,
            "needsAttention": [
                {"row": number, "key": key, "status": outcome, "code": code or None, "executionId": execution_id}
                for number, key, outcome, code, execution_id in self.in_need
            ],
        }


def show_faults(screen: Screen, checked: Checked, *, sent: bool) -> None:
    """Print which rows are invalid."""
    if screen.as_json and not sent:
        screen.document(
            {
                "rows": checked.rows,
                "invalid": checked.invalid,
                "faults": [
                    {"row": each.number, "line": each.line, "key": each.key, "faults": each.faults}
                    for each in checked.faults
                ],
            }
        )
    for each in checked.faults[:SHOWN]:
        key = f" ({each.key})" if each.key and not each.key.startswith("sha256:") else ""
        screen.note(f"row {each.number}, line {each.line}{key}: {'; '.join(each.faults)}")
    if checked.invalid > SHOWN:
        screen.note(f"… and {checked.invalid - SHOWN} more")
    if sent:
        screen.note(f"{checked.invalid} of {checked.rows} rows are invalid and are skipped")
    else:
        screen.note(f"{checked.invalid} of {checked.rows} rows are invalid; nothing was sent")
        screen.note("mend them, or run the others with --skip-invalid")


def show_summary(screen: Screen, summary: Summary) -> None:
    """Print the summary."""
    if screen.as_json:
        screen.document(summary.document())
        return
    screen.table(
        ("rows", "outcome", "code", "first row"),
        ((each.count, each.outcome or _OPEN.get(each.state, ""), each.code, each.first) for each in summary.outcomes),
    )
    if summary.before:
        screen.say(f"{summary.before} had ended before, under the name {summary.order.name!r}", "dim")
    if summary.in_need:
        screen.say("\nThese need a person:")
        screen.table(
            ("row", "key", "outcome", "code", "execution"),
            (
                (number, "" if key.startswith("sha256:") else key, outcome, code, execution_id)
                for number, key, outcome, code, execution_id in summary.in_need[:SHOWN]
            ),
        )
        for line in _advice(summary):
            screen.say(line, "dim")
    if summary.interrupted:
        screen.say("\nStopped. What is accepted goes on at the deployment; the same command goes on here.")


def _advice(summary: Summary) -> list[str]:
    found = {(outcome, code) for _, _, outcome, code, _ in summary.in_need}
    outcomes = {outcome for outcome, _ in found}
    lines = []
    if "failed" in outcomes:
        name = summary.order.name
        lines.append(f"failed: `actionrelay retry --failed --name '{name}'`, then the same command again")
    if "unknown" in outcomes:
        lines.append(
            "unknown: nobody knows whether it ran. Look where it would have left a trace, then `actionrelay resolve`"
        )
    if ("refused", "execution_conflict") in found:
        lines.append("execution_conflict: the row was edited after it was sent, or the name was used for other rows")
    return lines
