"""A run's progress: a bar on a terminal, elsewhere occasional lines, and one for each reason to wait."""

import contextlib
import threading
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actionrelay_client.bulk.progress import Figures, Progress
from actionrelay_client.command.showing import Screen

_LINE_EVERY_SECONDS = 10.0
_WIDTH = 40


@contextlib.contextmanager
def shown(screen: Screen, progress: Progress) -> Iterator[None]:
    """Show the progress on standard error while the block runs."""
    if screen.err.is_terminal and not screen.as_json:
        with Live(console=screen.err, get_renderable=lambda: drawn(progress.figures()), refresh_per_second=5):
            yield
        return
    over = threading.Event()
    progress.on_wait = screen.note
    thread = threading.Thread(target=_lines, args=(screen, progress, over), daemon=True, name="progress")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        screen.note(said(progress.figures()))


def _lines(screen: Screen, progress: Progress, over: threading.Event) -> None:
    while not over.wait(_LINE_EVERY_SECONDS):
        screen.note(said(progress.figures()))


def drawn(figures: Figures) -> RenderableType:
    """Draw the bar and what is beside it."""
    grid = Table.grid(padding=(0, 2))
    bar = ProgressBar(max(figures.total, 1), figures.ended, width=_WIDTH)
    grid.add_row(bar, Text(said(figures)))
    return Group(grid, Text(figures.note, style="yellow")) if figures.note else grid


def said(figures: Figures) -> str:
    """Print the progress in one line."""
    parts = [f"{figures.ended:,} of {figures.total:,}"]
    if figures.accepted < figures.total:
        parts.append(f"{figures.accepted:,} sent")
    for count, what in (
        (figures.failed, "failed"),
        (figures.unknown, "unknown"),
        (figures.cancelled, "cancelled"),
        (figures.refused, "refused"),
    ):
        if count or what in {"failed", "unknown"}:
            parts.append(f"{count:,} {what}")
    if figures.per_minute:
        parts.append(f"{figures.per_minute:,.0f} a minute")
    if figures.seconds_left:
        parts.append(f"{_span(figures.seconds_left)} left")
    return ", ".join(parts)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
