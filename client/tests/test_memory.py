"""A million rows take hardly more memory than a hundred thousand: measured, in a process for each."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fake_relay import API_KEY, FakeRelay

LARGEST = int(os.environ.get("MOST_ROWS", "50000"))
"""The measured claim is of a million, `MOST_ROWS=1000000`; fewer say the same sooner."""
MOST_GROWTH_MB = 80

RUN = """
import resource, sys
from pathlib import Path
from actionrelay_client.documents import Batch, Execution
from actionrelay_client.bulk.order import Order
from actionrelay_client.bulk.run import Run
from actionrelay_client.bulk.shape import Shape
from actionrelay_client.bulk.table import open_table
from actionrelay_client.executions import Executions


class Instant(Executions):
    '''A deployment that completes everything at once and keeps nothing.'''

    def batch(self, executions, *, batch_id=None, defaults=None):
        results = [{"index": n, "status": "queued", "executionId": e["executionId"]} for n, e in enumerate(executions)]
        return Batch.of({"batchId": batch_id, "results": results})

    def get(self, execution_id, *, wait_seconds=None):
        return Execution.of({"executionId": execution_id, "status": "completed", "result": {"total": 10}})


file = Path(sys.argv[1])
with Run(Instant(), open_table(file), Shape(key="id"), Order("b", "a"), file.with_name("out.jsonl")) as run:
    assert run.check().invalid == 0
    outcomes = run.send_and_follow()
print(outcomes[0].outcome, outcomes[0].count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def table(folder: Path, rows: int) -> Path:
    file = folder / f"rows-{rows}.csv"
    with file.open("w") as target:
        target.write("id,name,amount\n")
        target.writelines(f"{n},Customer number {n},{n}.10\n" for n in range(rows))
    return file


def peak_mb(folder: Path, rows: int) -> int:
    file = table(folder, rows)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(file)], capture_output=True, text=True, check=True, timeout=3600
    )
    outcome, count, peak = done.stdout.split()
    assert (outcome, int(count)) == ("completed", rows)
    (folder / "out.jsonl").unlink()
    return int(peak)


def command_peak_mb(folder: Path, rows: int, url: str) -> int:
    """Return what the whole command takes to check all rows."""
    command = ["run", str(table(folder, rows)), "--action", "act", "--key", "id", "--dry-run", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "actionrelay_client.command", *command],
        env={**os.environ, "ACTIONRELAY_URL": url, "ACTIONRELAY_API_KEY": API_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        checked = json.load(process.stdout)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert (process.returncode, checked["rows"], checked["invalid"]) == (0, rows, 0)
    return used.ru_maxrss // 1024


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = peak_mb(tmp_path, LARGEST // 10), peak_mb(tmp_path, LARGEST)
    print(f"peak RSS: {small} MB at {LARGEST // 10:,} rows, {large} MB at {LARGEST:,}")  # noqa: T201 - the figure
    assert large - small < MOST_GROWTH_MB


def test_the_commands_memory_does_not_grow_either(relay: FakeRelay, tmp_path: Path) -> None:
    small, large = (command_peak_mb(tmp_path, rows, relay.url) for rows in (LARGEST // 10, LARGEST))
    print(f"peak RSS: {small} MB at {LARGEST // 10:,} rows, {large} MB at {LARGEST:,}")  # noqa: T201 - the figure
    assert large - small < MOST_GROWTH_MB
