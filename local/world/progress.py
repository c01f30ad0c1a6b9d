"""Progress lines, each with the seconds since the start."""

import time

from rich.console import Console


class Progress:
    """Prints to standard output: in colour on a terminal, as plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        # Without wrapping, so that a line of a log stays one line, and without automatic highlighting.
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._started = time.monotonic()

    def step(self, text: str) -> None:
        """Print what starts now."""
        self._console.print(f"[dim]{self._elapsed()}[/dim]  {text}")

    def done(self, text: str) -> None:
        """Print what is done."""
        self._console.print(f"[dim]{self._elapsed()}[/dim]  [green]{text}[/green]")

    def failed(self, text: str, detail: str = "") -> None:
        """Print what went wrong, with the log that has the details."""
        self._console.print(f"[dim]{self._elapsed()}[/dim]  [red]{text}[/red]")
        if detail:
            self._console.print(detail, markup=False)

    def fact(self, name: str, value: str) -> None:
        """Print one address or name of the finished world."""
        self._console.print(f"  {name:<14}", value, markup=False)

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._started:5.1f} s"
