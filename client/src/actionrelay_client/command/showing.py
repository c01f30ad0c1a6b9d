"""The output: tables for people, JSON for programs. Progress goes to standard error."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actionrelay_client import json_text
from actionrelay_client.documents import Execution
from actionrelay_client.errors import (
    AccessDeniedError,
    ActionRelayError,
    NoAnswerError,
    ThrottledError,
    UnavailableError,
    UnreadableAnswerError,
)

STYLES: Mapping[str, str] = {
    "queued": "yellow",
    "waiting": "yellow",
    "running": "cyan",
    "awaiting_webhook": "magenta",
    "completed": "green",
    "delivered": "green",
    "ok": "green",
    "failed": "red",
    "unknown": "bold red",
    "blocked": "bold red",
    "refused": "red",
    "invalid": "red",
    "cancelled": "dim",
    "warning": "yellow",
}


_WHOLE = frozenset({"execution", "workflow", "action", "created", "started", "time"})
"""Columns that users copy, so they are never wrapped."""
_PLAIN_WIDTH = 200
"""Columns where there is no terminal."""


@dataclass
class Screen:
    """Standard output and standard error of one command."""

    as_json: bool = False

    @cached_property
    def out(self) -> Console:
        """For results."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """For everything else."""
        return _console(stderr=True)

    def document(self, document: Any) -> None:
        """Print JSON on one line, its numbers as they came."""
        sys.stdout.write(json_text.to_text(document) + "\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows below their columns' names; names that are all empty are left out."""
        shown = any(columns)
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0), show_header=shown)
        for name in columns:
            table.add_column(name, overflow="fold", no_wrap=name in _WHOLE)
        for row in rows:
            table.add_row(*map(cell, row))
        self.out.print(table)

    def fields(self, rows: Iterable[tuple[str, object]]) -> None:
        """Print names and values, those that are None left out."""
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows:
            if value is not None and value != "":
                table.add_row(name, cell(value))
        self.out.print(table)

    def say(self, text: str, style: str = "") -> None:
        """Print a sentence for people; with ``--json`` to standard error."""
        (self.err if self.as_json else self.out).print(Text(text), style=style)

    def note(self, text: str) -> None:
        """Print a progress message."""
        self.err.print(Text(text), style="dim")

    def error(self, error: ActionRelayError) -> None:
        """Print what went wrong and what to do about it; with ``--json`` as JSON."""
        if self.as_json:
            document = {
                "code": error.code,
                "status": error.status,
                "detail": error.detail,
                "errors": [vars(fault) for fault in error.errors],
                "traceId": error.trace_id,
                "executionId": error.execution_id,
            }
            sys.stderr.write(json_text.to_text(document) + "\n")
            return
        self.err.print(Text.assemble(("✗ ", "bold red"), f"{error.status or ''} {error.code}: ".lstrip(), error.detail))
        for fault in error.errors:
            self.err.print(Text(f"  {fault.pointer or '/'}  {fault.detail} ({fault.code})"))
        for line in advice(error):
            self.err.print(Text(f"  {line}"), style="dim")


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return (
        console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=_PLAIN_WIDTH)
    )


def cell(value: object) -> Text:
    """Format a value for a table; a status has its colour."""
    if isinstance(value, datetime):
        return Text(value.strftime("%Y-%m-%d %H:%M:%S") + f".{value.microsecond // 1000:03}")
    text = value if isinstance(value, str) else "" if value is None else json_text.to_text(value)
    # Text of others may hold control characters; a terminal is not to follow them.
    clean = "".join(each if each.isprintable() or each == "\n" else "�" for each in text)
    return Text(clean, style=STYLES.get(text, ""))


def show_execution(screen: Screen, execution: Execution) -> None:
    """Print one execution."""
    if screen.as_json:
        screen.document(execution.document)
        return
    error, waiting = execution.error, execution.waiting
    screen.fields(
        (
            ("execution", execution.execution_id),
            ("action", execution.action_id),
            ("trace", execution.trace_id if execution.trace_id != execution.execution_id else None),
            ("status", execution.status),
            ("waits for", f"{waiting.reason}, until {waiting.until or 'nobody knows'}" if waiting else None),
            ("error", f"{error.code}: {error.message}" if error else None),
            ("correlation", error.correlation_id if error else None),
            ("attempts", execution.attempts),
            ("cache", execution.cache_status),
            ("webhook", execution.webhook_status),
            ("created", execution.created_at),
            ("ended", execution.completed_at),
            ("latency", None if execution.latency_ms is None else f"{execution.latency_ms} ms"),
            ("result", None if execution.result is None else json_text.to_text(execution.result)),
        )
    )


_ADVICE: Mapping[str, str] = {
    "expired_token": "the AWS credentials have expired: log in again, then run the same command",
    "invalid_signature": "wrong keys, another region than the API's, or a clock that is off: actionrelay doctor",
    "missing_authentication": "actionrelay doctor says which it is",
    "access_denied": "the caller lacks execute-api:Invoke on this route (README.md, Call it)",
    "invalid_api_key": "the key is not one of this deployment's, or its usage plan's",
    "execution_conflict": "the id was used for other content; another id is another execution",
    "no_answer": "actionrelay doctor looks at the way there",
}


_WORTH_A_REPEAT = (NoAnswerError, UnreadableAnswerError, ThrottledError, UnavailableError, AccessDeniedError)


def advice(error: ActionRelayError) -> list[str]:
    """Return what to do about an error."""
    lines = [_ADVICE[error.code]] if error.code in _ADVICE else []
    allowed = getattr(error, "allowed", ())
    if allowed:
        lines.append(f"possible now: {', '.join(allowed)}")
    # What is wrong with a request stays wrong; expired credentials do not.
    if error.execution_id and isinstance(error, _WORTH_A_REPEAT):
        lines.append(f"safe to repeat with --id {error.execution_id}")
    if error.trace_id:
        lines.append(f"trace {error.trace_id}")
    return lines
