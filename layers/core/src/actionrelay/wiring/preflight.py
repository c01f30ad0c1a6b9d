"""How ``preflight`` is built."""

import os

from actionrelay.aws.secret import NamedSecret
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.genesys.hosts import find_hosts
from actionrelay.genesys.http import new_pool
from actionrelay.preflight.board_dynamodb import TableNoticeBoard
from actionrelay.preflight.gated import GatedProbe
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.preflight.probe_http import GenesysProbe
from actionrelay.preflight.shared import SharedPreflight
from actionrelay.token.login_http import ClientCredentialsIssuer
from actionrelay.token.store_ssm import TokenParameter
from actionrelay.wiring.process import SystemClock, aws, once
from actionrelay.wiring.settings import PreflightSettings


@once
def run_preflight() -> SharedPreflight:
    """Says whether actions can be executed."""
    settings = PreflightSettings.read(os.environ)
    api, secret_name = settings.genesys_api, settings.genesys_secret_name
    hosts = find_hosts(api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url)
    pool = new_pool()
    secret = NamedSecret(aws().secrets, secret_name)

    def credentials() -> str:
        secret.forget()  # what is looked at is the secret, not what was kept of it
        return secret.value()

    gate = TableRateGate(aws().dynamodb, settings.executions_table, Rate(settings.requests_per_minute))
    preflight = RunPreflight(
        api=api,
        requests_per_minute=settings.requests_per_minute,
        secret_name=secret_name,
        credentials=credentials,
        store=TokenParameter(aws().ssm, settings.token_parameter_name),
        issuer=ClientCredentialsIssuer(pool, hosts.login, api, secret_name, secret.value, secret.forget),
        platform=GatedProbe(GenesysProbe(pool, hosts.api, api), gate, SystemClock()),
        clock=SystemClock(),
    )
    return SharedPreflight(preflight, TableNoticeBoard(aws().dynamodb, settings.executions_table), SystemClock())
