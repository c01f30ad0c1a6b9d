"""Records the terminal session in the README: `python -m tools.recording` writes docs/run.svg.

The commands really run, in a terminal, against the client's fake deployment: a file of 200 rows with two bad ones, a
`kill -9` in the middle, the same command again. What a terminal would show at each prompt is what is drawn.
"""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/run.svg"
COLUMNS = 100
ACTION = "custom_-_8f14e456"
_COMMAND = f"actionrelay run customers.csv --action {ACTION} --key customerId --out results.jsonl"
_KEY = "k" * 40
_CATALOGUE = {
    ACTION: {
        "actionId": ACTION,
        "inputSchema": {
            "properties": {
                "customerId": {"type": "string"},
                "outcome": {"type": "string"},
                "amount": {"type": "number"},
            },
            "required": ["customerId", "amount"],
        },
    }
}
_CONTROL = re.compile(r"\x1b\[(\?25[lh]|2K|(\d*)A)|\r\n|\n|\r")


def rows(folder: Path) -> None:
    """Write the file, with a row that fails, one that is unknown, one with a wrong amount and one duplicate key."""
    outcomes = {60: "failed", 140: "unknown"}
    lines = [f"c-{number:04},{outcomes.get(number, 'completed')},{number}.50" for number in range(1, 201)]
    lines[41] = "c-0042,completed,42.5O"
    lines[117] = "c-0007,completed,118.50"
    (folder / "customers.csv").write_text("customerId,outcome,amount\n" + "\n".join(lines) + "\n", encoding="utf-8")


def typed(command: str, folder: Path, url: str, *, kill_after: float | None = None) -> bytes:
    """Run a command in a terminal, optionally kill it after some seconds, and return its output."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "actionrelay_client.command", *command.split()[1:]],
        cwd=folder,
        env={
            **os.environ,
            "ACTIONRELAY_URL": url,
            "ACTIONRELAY_API_KEY": _KEY,
            "COLUMNS": str(COLUMNS),
            "TERM": "xterm-256color",
        },
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    written, began = b"", time.monotonic()
    while True:
        if kill_after is not None and time.monotonic() - began > kill_after:
            process.send_signal(signal.SIGKILL)
            kill_after = None
        ready, _, _ = select.select([controller], [], [], 0.1)
        if ready:
            try:
                written += os.read(controller, 65536)
            except OSError:  # the process has ended, and its terminal with it
                break
        elif process.poll() is not None:
            break
    process.wait()
    os.close(controller)
    return written


def screen(written: bytes) -> list[str]:
    """Return the lines that a terminal shows after this output, without overwritten ones."""
    lines, row = [""], 0
    text, place = written.decode(), 0
    for control in _CONTROL.finditer(text):
        lines[row] += text[place : control.start()]
        place = control.end()
        if control[0] in {"\n", "\r\n"}:
            row += 1
            if row == len(lines):
                lines.append("")
        elif control[0] == "\x1b[2K":
            lines[row] = ""
        elif control[0].endswith("A"):
            row = max(row - int(control[2] or 1), 0)
    lines[row] += text[place:]
    while lines and not re.sub(r"\x1b\[[\d;]*m", "", lines[-1]).strip():
        lines.pop()
    return lines


def main() -> None:
    """Record, and draw."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"), force_terminal=True)  # noqa: SIM115, PTH123 - ends with the process
    fake = subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "client/tests/fake_relay.py"), "--pace", "0.06"),
            *("--actions", json.dumps(_CATALOGUE)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert fake.stdout is not None  # noqa: S101 - it is a pipe
    url = fake.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows(folder)
        for command, kill_after, after in (
            (_COMMAND, None, ""),
            (f"{_COMMAND} --skip-invalid", 7.0, "Killed"),
            (f"{_COMMAND} --skip-invalid", None, ""),
        ):
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            for line in [*screen(typed(command, folder, url, kill_after=kill_after)), *([after] if after else [])]:
                console.print(Text.from_ansi(line))
            console.print()
    fake.kill()
    fake.wait()
    # Without the fonts that it would load from elsewhere: a reader's own are as good.
    drawn = re.sub(r"@font-face \{.*?\}\n", "", console.export_svg(title="actionrelay run"), flags=re.DOTALL)
    PICTURE.write_text(re.sub(r"[ \t]+\n", "\n", drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
