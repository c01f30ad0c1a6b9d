"""How results look: in a terminal, and as Markdown."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from benchmarks.results import Result, Target


def terminal(result: Result) -> RenderableType:
    """Format a result for a terminal; a missed target is red."""
    table = Table(title=result.title, title_justify="left", title_style="bold")
    for number, column in enumerate(result.columns):
        table.add_column(column, justify="right" if number else "left")
    for row in result.rows:
        table.add_row(*(cell.replace("**", "") for cell in row))
    notes = (Text(f"  {note}", style="dim") for note in result.notes)
    return Group(Text(), table, *notes, *(_verdict(target) for target in result.targets))


def _verdict(target: Target) -> Text:
    return Text(f"  {target}", style="green" if target.met else "bold red")


def missed(results: Iterable[Result]) -> list[Target]:
    """Return the targets that were missed."""
    return [target for result in results for target in result.targets if not target.met]


def markdown(results: Sequence[Result], machine: str) -> dict[str, str]:
    """Format a run as Markdown, a section for each benchmark by its name: when, on what, and the results."""
    return {result.name: _section(result, machine) for result in results}


def _section(result: Result, machine: str) -> str:
    head = [_line(result.columns), _line(["---", *("---:" for _ in result.columns[1:])])]
    table = "\n".join([*head, *(_line(row) for row in result.rows)])
    targets = "\n".join(f"- **{target}**" for target in result.targets)
    notes = "\n".join(f"- {note}" for note in result.notes)
    points = "\n".join(filter(None, (targets, notes)))
    return "\n\n".join(filter(None, (f"### `{result.name}`: {result.title}", machine, table, points)))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def show(results: Iterable[Result], console: Console) -> None:
    """Print results, and say how many targets were missed."""
    shown = list(results)
    for result in shown:
        console.print(terminal(result))
    console.print()
    failed = missed(shown)
    console.print(f"[bold red]{len(failed)} missed[/]" if failed else "[green]every target is met[/]")
