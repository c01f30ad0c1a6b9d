"""`python -m local.genesys --port N`: the Genesys Cloud simulator as a process. Ends on SIGTERM or SIGINT."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from local.genesys.app import create_app
from local.genesys.rules import Client, Mode, SignatureScheme, Signing
from local.genesys.scenario import Scenario
from local.genesys.serving import server_for
from local.genesys.simulator import SimulatorConfig


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends it. Exits with 2 for wrong arguments and with 3 if the port is taken."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        scenario = _scenario(given)
    except (OSError, ValueError) as wrong:
        parser.error(f"scenario: {wrong}")
    app = create_app(SimulatorConfig(scenario=scenario, seed=given.seed))
    server_for(app, host=given.host, port=given.port).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.genesys", description="A simulator of Genesys Cloud.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", type=int, help="fixes random faults and latencies")
    parser.add_argument("--scenario", type=Path, help="a JSON file to start with, as PUT /_control/scenario takes it")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], help="how data-actions answers")
    parser.add_argument("--client-id", help="with --client-secret: one more OAuth client")
    parser.add_argument("--client-secret")
    parser.add_argument("--webhook-secret", action="append", help="signs callbacks; several make several signatures")
    parser.add_argument("--webhook-scheme", choices=[scheme.value for scheme in SignatureScheme])
    return parser


def _scenario(given: argparse.Namespace) -> Scenario:
    scenario = Scenario.model_validate_json(given.scenario.read_bytes()) if given.scenario else Scenario()
    if given.client_id and given.client_secret:
        clients = scenario.tokens.clients | {given.client_id: Client(secret=given.client_secret)}
        tokens = scenario.tokens.model_copy(update={"clients": clients})
        scenario = scenario.model_copy(update={"tokens": tokens})
    if given.mode:
        scenario = scenario.model_copy(update={"mode": Mode(given.mode)})
    signing = Signing(
        scheme=given.webhook_scheme or scenario.signing.scheme,
        secrets=tuple(given.webhook_secret or scenario.signing.secrets),
    )
    return scenario.model_copy(update={"signing": signing})


if __name__ == "__main__":
    main()
