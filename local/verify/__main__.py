"""`python -m local.verify`: checks a deployment in its own account.

It reads with your credentials and changes nothing. It calls each route once without a signature, makes
one preflight and one dry run, and, with `--action`, runs that action once.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from local.verify.checks import verdicts
from local.verify.report import show
from local.verify.target import Target, TargetError
from local.world.environment import leave_aws_settings

_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0, 1 if a check failed, or 2 if there is nothing to check. Invalid arguments exit with 2."""
    given = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        if given.state is not None:
            leave_aws_settings()
            target = Target.in_world(given.state)
        else:
            target = Target.on_aws(given.stack, given.region)
    except TargetError as missing:
        print(f"python -m local.verify: {missing}", file=sys.stderr)
        return _USAGE
    console.print(f"{target.stack} at {target.api_url}", highlight=False, markup=False)
    return show(verdicts(target, given.action, given.inputs), console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.verify", description="Check a deployment in its account.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--stack", metavar="NAME", help="a stack in AWS, read with your own credentials")
    where.add_argument("--state", type=Path, metavar="DIR", help="the folder of a local world")
    parser.add_argument("--region", help="the stack's region; by default your configuration's")
    parser.add_argument("--action", metavar="ID", help="run this action once, for real")
    parser.add_argument("--inputs", type=_object, default={}, metavar="JSON", help="its inputs, an object")
    return parser


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f"not JSON: {wrong}") from wrong
    if not isinstance(read, dict):
        raise argparse.ArgumentTypeError("not an object")
    return read


if __name__ == "__main__":
    sys.exit(main())
