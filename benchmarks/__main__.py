"""`python -m benchmarks [name …]`: runs benchmarks and shows what they came to, against their targets."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import batch, client, cold, imports, machine, memory, pipeline, readme, reads, table, validation
from benchmarks.bench import Bench
from benchmarks.cost import batches, calls
from benchmarks.flows import report as workflows
from benchmarks.gate import report as gate
from benchmarks.results import Benchmark, Result
from local.world.environment import leave_aws_settings
from local.world.errors import WorldError

BENCHMARKS: dict[str, Benchmark] = {
    "imports": imports.run,
    "cold": cold.run,
    "memory": memory.run,
    "client": client.run,
    "validation": validation.run,
    "calls": calls.run,
    "batches": batches.run,
    "workflows": workflows.run,
    "batch": batch.run,
    "pipeline": pipeline.run,
    "gate": gate.run,
    "reads": reads.run,  # last: it leaves the world's tables full
}
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and return the exit status: 0, 1 for a missed target with --strict or a broken world, 130 if interrupted."""
    given = _parser().parse_args(arguments)
    leave_aws_settings()
    console = Console()
    where = machine.described()
    console.print(where, style="dim", highlight=False)
    try:
        results = _run(given.names or list(BENCHMARKS), console, quick=given.quick)
    except WorldError as failed:
        console.print(f"[red]{failed.message}[/]")
        if failed.log is not None:
            console.print(failed.log_tail(), markup=False)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    table.show(results, console)
    if given.write:
        readme.write(table.markdown(results, where))
    return 1 if given.strict and table.missed(results) else 0


def _run(names: Sequence[str], console: Console, *, quick: bool) -> list[Result]:
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as display, Bench(display, quick=quick) as bench:
        return [BENCHMARKS[name](bench) for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What actionrelay costs.")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer samples: for a look, not for the record")
    parser.add_argument("--write", action="store_true", help="keep the results in benchmarks/README.md")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
