"""The parts of every function that calls Genesys Cloud with the shared token and rate."""

from dataclasses import dataclass

from urllib3 import PoolManager

from actionrelay.aws.secret import NamedSecret
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.hosts import find_hosts
from actionrelay.genesys.http import new_pool
from actionrelay.token.lease_dynamodb import TableTokenLeases
from actionrelay.token.login_http import ClientCredentialsIssuer
from actionrelay.token.shared import SharedToken
from actionrelay.token.store_ssm import TokenParameter
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws
from actionrelay.wiring.settings import SharedRateSettings
from actionrelay.wiring.telemetry import telemetry


@dataclass(frozen=True, slots=True)
class GenesysCloud:
    """What requests to Genesys Cloud need."""

    pool: PoolManager
    api_url: str
    tokens: SharedToken
    gate: TableRateGate


def genesys_cloud(settings: SharedRateSettings) -> GenesysCloud:
    """Return the parts for the configured Genesys Cloud. One pool holds the connections to both hosts."""
    hosts = find_hosts(
        settings.genesys_api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url
    )
    pool = new_pool()
    secret = NamedSecret(aws().secrets, settings.genesys_secret_name)
    sharing = Sharing(Rate(settings.requests_per_minute), settings.bulk_share_percent, settings.max_in_flight)
    return GenesysCloud(
        pool=pool,
        api_url=hosts.api,
        tokens=SharedToken(
            worker=SystemRandomness().new_id(),
            store=TokenParameter(aws().ssm, settings.token_parameter_name, settings.token_key_arn),
            leases=TableTokenLeases(aws().dynamodb, settings.executions_table),
            issuer=ClientCredentialsIssuer(
                pool, hosts.login, settings.genesys_api, settings.genesys_secret_name, secret.value, secret.forget
            ),
            telemetry=telemetry(),
            clock=SystemClock(),
        ),
        gate=TableRateGate(aws().dynamodb, settings.executions_table, sharing),
    )
