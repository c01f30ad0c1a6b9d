"""`python -m local up` and `python -m local down`: the machine-local world from a terminal."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from local.world.down import down
from local.world.environment import leave_aws_settings
from local.world.errors import WorldError
from local.world.progress import Progress
from local.world.state import DEFAULT_STATE, Stack
from local.world.up import up


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 if it failed. Invalid arguments exit with 2."""
    given = _parser().parse_args(arguments)
    leave_aws_settings()
    progress = Progress()
    if given.command == "down":
        ended = down(given.state)
        progress.done(f"ended {ended} processes" if ended else "there is no world to end")
        return 0
    try:
        stack = up(given.state, genesys_url=given.genesys_url, parameters=dict(given.parameter), progress=progress)
    except WorldError as failed:
        progress.failed(failed.message, failed.log_tail())
        return 1
    except KeyboardInterrupt:
        progress.failed("interrupted; nothing is left running")
        return 1
    _show(stack, given.state, progress)
    return 0


def _show(stack: Stack, state: Path, progress: Progress) -> None:
    file = state / "stack.json"
    progress.fact("API", stack.api_url)
    progress.fact("console", f"{stack.api_url}/console")
    keys = "operatorApiKey, or apiKey as a caller," if stack.api_key else "accessKeyId and secretAccessKey"
    progress.fact("sign in", f"with {keys} of {file}")
    progress.fact("AWS endpoint", stack.endpoint_url)
    progress.fact("Genesys Cloud", stack.genesys_url)
    progress.fact("webhook sink", stack.sink_url)
    progress.fact("everything", str(file))
    progress.fact("next", "1. open the console and submit an execution (README.md, The console)")
    progress.fact("", "2. make the simulator fail (docs/simulator.md)")
    progress.fact("", f"3. check the deployment: make verify STATE={state}; stop it: make down")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The machine-local world.")
    commands = parser.add_subparsers(dest="command", required=True)
    upwards = commands.add_parser("up", help="start it, deploy onto it and leave it running")
    downwards = commands.add_parser("down", help="stop it")
    for command in (upwards, downwards):
        command.add_argument(
            "--state",
            type=Path,
            default=DEFAULT_STATE,
            metavar="DIR",
            help="the world's folder (%(default)s)",
        )
    upwards.add_argument("--genesys-url", metavar="URL", help="use this as Genesys Cloud and start no simulator")
    upwards.add_argument(
        "--parameter",
        type=_parameter,
        action="append",
        default=[],
        metavar="Name=Value",
        help="override a template parameter; may be given several times",
    )
    return parser


def _parameter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not Name=Value")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
