"""`python -m local.chaos`: chaos on worlds of its own.

Exits with 0 if workers were killed and no promise was broken, else with 1.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from local.chaos.campaign import Campaign
from local.chaos.report import document, show
from local.chaos.runs import run_all
from local.chaos.settling import PATIENCE_SECONDS
from local.chaos.worlds import CONTRACTS
from local.world.environment import leave_aws_settings
from local.world.errors import WorldError
from local.world.progress import Progress
from local.world.state import DEFAULT_STATE

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the result and return the exit status: 130 if interrupted. Wrong arguments exit with 2."""
    given = _parser().parse_args(arguments)
    leave_aws_settings()
    console = Console(soft_wrap=False, highlight=False)
    progress = Progress(console)
    try:
        results = run_all(_campaigns(given), given.state, progress)
    except WorldError as failed:
        progress.failed(failed.message, failed.log_tail())
        return 1
    except KeyboardInterrupt:
        progress.failed("interrupted; nothing is left running")
        return _INTERRUPTED
    show(results, console)
    if given.report is not None:
        given.report.write_text(json.dumps(document(results), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    broken = sum(len(result.violations) for result in results)
    if broken:
        progress.failed(f"{broken} violations; the seed was {given.seed}")
        return 1
    if not all(result.history.kills.total for result in results):
        progress.failed("no worker was killed, so nothing is shown: more executions are needed")
        return 1
    progress.done(f"no promise was broken; the seed was {given.seed}")
    return 0


def _campaigns(given: argparse.Namespace) -> list[Campaign]:
    contracts = CONTRACTS if given.contract == "both" else (given.contract,)
    numbers = [len(range(first, given.executions, len(contracts))) for first in range(len(contracts))]
    return [
        Campaign(contract, number, given.seed, given.kills_per_second, given.requests_per_second, given.patience)
        for contract, number in zip(contracts, numbers, strict=True)
        if number
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.chaos",
        description="Faults and kills for the deployed pipeline, and a checker.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--executions", type=_positive, default=120, metavar="N", help="over all contracts together")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="fixes the plan of faults and kills")
    parser.add_argument(
        "--kills-per-second",
        type=float,
        default=0.4,
        metavar="X",
        help="in each world, on average; fewer where none is at work",
    )
    parser.add_argument("--requests-per-second", type=float, default=6.0, metavar="X", help="at most, in each world")
    parser.add_argument("--contract", choices=[*CONTRACTS, "both"], default="both", help="both: a world for each")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="S",
        help="what has not ended is lost once nothing has changed for so long",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the result there, as JSON")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE / "chaos", metavar="DIR", help="the worlds' folder")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
