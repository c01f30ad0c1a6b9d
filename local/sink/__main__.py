"""`python -m local.sink --port N`: the webhook sink as a process. Ends on SIGTERM or SIGINT."""

import argparse
from collections.abc import Sequence

from local.genesys.serving import server_for
from local.sink.app import create_app


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends it. Exits with 2 for wrong arguments and with 3 if the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m local.sink", description="A receiver of webhooks.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--secret", action="append", default=[], help="whsec_…, to check signatures with")
    given = parser.parse_args(arguments)
    try:
        app = create_app(secrets=given.secret)
    except ValueError as wrong:
        parser.error(f"secret: {wrong}")
    server_for(app, host=given.host, port=given.port).run()


if __name__ == "__main__":
    main()
