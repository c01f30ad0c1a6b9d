"""The printed table: one line for each check, with advice."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.verify.verdict import Outcome, Verdict

_STYLES = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "red", Outcome.ABSENT: "dim"}


def show(lines: Iterable[tuple[str, Verdict]], console: Console) -> int:
    """Print the lines and a summary; return the exit status: 1 if one failed, otherwise 0."""
    table = Table(show_lines=True, expand=False)
    for heading in ("check", "outcome", "seen", "what to do"):
        table.add_column(heading, overflow="fold")
    outcomes = []
    for name, verdict in lines:
        outcomes.append(verdict.outcome)
        # Text, not markup: what is seen was written by others.
        cells = (name, Text(verdict.outcome, _STYLES[verdict.outcome]), Text(verdict.seen), Text(verdict.advice))
        table.add_row(*cells)
    console.print(table)
    counted = [f"{outcomes.count(outcome)} {outcome}" for outcome in Outcome if outcome in outcomes]
    console.print(", ".join(counted), highlight=False)
    return 1 if Outcome.FAILED in outcomes else 0
