"""`python -m local.demo`: the main job from nothing, shown as it happens. Exits with 0 if every check passed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from local.api import ApiClient
from local.demo.expectations import UnexpectedError
from local.demo.play import play
from local.demo.showing import Show, terminal
from local.demo.witnesses import Witnesses
from local.demo.world import own_world
from local.world.environment import leave_aws_settings
from local.world.errors import WorldError
from local.world.progress import Progress
from local.world.state import DEFAULT_STATE, WorldFolder

_INTERRUPTED = 130
_PICTURE = """\
   caller ──► API Gateway ──► validate ──► SQS ──► execute ──► Genesys Cloud
      ▲                                                             │
      └── deliver ◄── SQS ◄── receive_webhook ◄── API Gateway ◄─────┘
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status: 0, 1 if something was not as promised, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="The main job, shown as it happens.")
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE / "demo", metavar="DIR", help="the world's folder (%(default)s)"
    )
    given = parser.parse_args(arguments)
    leave_aws_settings()
    show = Show(terminal())
    try:
        _run(given.state, show)
    except UnexpectedError:
        return 1
    except WorldError as failed:
        show.trouble(failed.message)
        if failed.log is not None:
            show.log(failed.log.name, failed.log_tail().splitlines())
        return 1
    except KeyboardInterrupt:
        show.trouble("interrupted; nothing is left running")
        return _INTERRUPTED
    return 0


def _run(state: Path, show: Show) -> None:
    show.say("actionrelay: one data action from request to webhook, on the real template")
    show.console.print()
    show.picture(_PICTURE)
    show.say("Functions, queues, tables and roles are template.yaml's, deployed with sam.")
    show.say("AWS is MiniStack, Genesys Cloud a simulator, the caller's receiver a sink.")
    show.heading("A world of its own: emulator, simulator, sam build, sam deploy")
    with own_world(state, Progress(show.console)) as stack:
        ready = show.seconds
        try:
            with ApiClient(stack) as api:
                play(api, show, Witnesses(stack), stack)
        except (HTTPError, BotoCoreError, ClientError) as failed:
            raise WorldError(f"a server gave no answer: {failed}", WorldFolder(state).log("emulator")) from failed
        played = show.seconds
    show.closing(
        (
            f"All checks passed in {show.seconds:.0f} s: refused, run, audited, delivered, cached, a contract, a file.",
            f"{ready:.0f} s to build and deploy, {played - ready:.0f} s for the steps. The world has been stopped.",
            "Next: `make up` leaves one running; README.md says how to call and deploy it.",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
