"""The demo's output: with colour and a spinner on a terminal, elsewhere plain lines."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.live import Live
from rich.padding import Padding
from rich.rule import Rule
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.api import Answer
from local.demo.expectations import UnexpectedError
from local.demo.following import Bar
from local.demo.wrapping import wrapped

_MARGIN = 3
_HANGING = 2
_WIDEST = 100
_STYLES = {
    "queued": "yellow",
    "running": "cyan",
    "awaiting_webhook": "magenta",
    "completed": "green",
    "delivered": "green",
    "failed": "red",
    "unknown": "red",
}


def terminal() -> Console:
    """Return standard output, at most 100 columns wide, without automatic highlighting."""
    console = Console(highlight=False)
    return console if console.width <= _WIDEST else Console(highlight=False, width=_WIDEST)


@dataclass
class Show:
    """Prints the demo."""

    console: Console
    started: float = field(default_factory=time.monotonic)
    _step: int = 0
    _first: bool = True
    """Whether the next request is the first of its step."""

    @property
    def seconds(self) -> float:
        """How long the demo has been running."""
        return time.monotonic() - self.started

    @property
    def width(self) -> int:
        """The columns without the margin."""
        return self.console.width - _MARGIN

    def heading(self, title: str) -> None:
        """Begin a step."""
        self._step += 1
        self._first = True
        text = Text.assemble((f"{self._step:>2} ", "bold cyan"), (title, "bold"), (f"  {self.seconds:.1f} s", "dim"))
        self.console.print()
        self.console.print(Rule(text, align="left", style="dim"))

    def say(self, text: str) -> None:
        """Print an explanation of the next lines."""
        self._print(Text(text))

    def picture(self, text: str) -> None:
        """Print a drawing without wrapping."""
        self.console.print(text, style="cyan", markup=False, no_wrap=True, overflow="ignore", crop=False)

    def seen(self, text: str) -> None:
        """Print a fact that has been checked."""
        self._print(Text.assemble(("✓ ", "bold green"), text))

    def request(self, method: str, path: str, document: Any = None) -> None:
        """Show a request."""
        if not self._first:
            self.console.print()
        self._first = False
        self._print(Text.assemble(("→ ", "bold"), (f"{method} {path}", "bold")))
        if document is not None:
            self.json(document)

    def command(self, line: str) -> None:
        """Show a command line; its own output follows."""
        if not self._first:
            self.console.print()
        self._first = False
        self._print(Text.assemble(("$ ", "bold"), (line, "bold")))

    def answer(self, answer: Answer, document: Any = None) -> None:
        """Show an answer: its status line and `document`, the relevant part of its body."""
        good = answer.status < HTTPStatus.BAD_REQUEST
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        facts = f"  {answer.media_type}, {answer.milliseconds:.0f} ms"
        self._print(Text.assemble(("← ", "bold"), (status, "bold green" if good else "bold red"), (facts, "dim")))
        if document is not None:
            self.json(document)

    def json(self, document: Any) -> None:
        """Show a JSON value."""
        inset = 2
        self._print(JSONHighlighter()(Text(wrapped(document, self.width - inset))), inset)

    def change(self, at: float, status: str, meaning: str) -> None:
        """Show a change of status, `at` seconds after the start."""
        label = Text.assemble((f"{at:6.2f} s  ", "dim"), (f"{status:<18}", _style(status)), meaning)
        self._print(label)

    def bars(self, bars: Sequence[Bar]) -> None:
        """Show a timeline."""
        for bar in bars:
            drawn = " " * bar.start + "█" * bar.length
            self._print(
                Text.assemble((f"{bar.seconds:6.2f} s  ", "dim"), f"{bar.status:<18}", (drawn, _style(bar.status)))
            )

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = (), gap: int = 2
    ) -> None:
        """Show rows below their columns' names, `gap` characters apart; columns in `right` are right-aligned."""
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, gap, 0, 0))
        for name in columns:
            table.add_column(name, justify="right" if name in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell, style=_style(cell)) for cell in row))
        self.console.print(Padding(table, (0, 0, 0, _MARGIN), expand=False))

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a spinner while the block runs, if there is a terminal."""
        spinner = Padding(Spinner("dots", Text(text, style="dim"), style="cyan"), (0, 0, 0, _MARGIN))
        with Live(spinner, console=self.console, transient=True, refresh_per_second=12):
            yield

    def closing(self, lines: Sequence[str]) -> None:
        """Print the summary."""
        self.console.print()
        self.console.print(Rule(style="dim"))
        for line in lines:
            self.console.print(Text(line), style="bold" if line is lines[0] else "")

    def failed(self, error: UnexpectedError) -> None:
        """Print the expected and the actual value."""
        self.console.print()
        self._print(Text(f"✗ {error.what}", style="bold red"))
        self._print(Text(f"expected  {error.wanted}"), 2)
        self._print(Text(f"got       {error.came}"), 2)

    def trouble(self, text: str) -> None:
        """Print why the demo ended early."""
        self.console.print()
        self._print(Text(f"✗ {text}", style="bold red"))

    def log(self, name: str, lines: Sequence[str]) -> None:
        """Show the end of a log."""
        self.console.print()
        self.console.print(Text(f"the end of the log of {name}:", style="dim"))
        for line in lines:
            self.console.print(Text(line), soft_wrap=True)

    def _print(self, text: Text, inset: int = 0) -> None:
        """Print with the margin; long lines continue with a hanging indent."""
        for line in text.split(allow_blank=True):
            indent = len(line.plain) - len(line.plain.lstrip())
            room = self.width - inset - indent
            pieces = line[indent:].wrap(self.console, room if line.cell_len - indent <= room else room - _HANGING)
            for number, piece in enumerate(pieces or [Text()]):
                piece.rstrip()
                left = _MARGIN + inset + indent + (_HANGING if number else 0)
                self.console.print(Text(" " * left) + piece if piece else "")


def _style(status: str) -> str:
    return _STYLES.get(status, "")
