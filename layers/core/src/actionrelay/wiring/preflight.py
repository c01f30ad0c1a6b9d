"""How ``preflight`` is built."""

import os
from functools import partial

from actionrelay.aws.secret import NamedSecret
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.hosts import find_hosts
from actionrelay.genesys.http import new_pool
from actionrelay.operate.receiver_keys import ReadReceiverKeys
from actionrelay.preflight.gated import GatedProbe
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.preflight.probe_http import GenesysProbe
from actionrelay.preflight.secrets import SigningSecrets, StoredSecret
from actionrelay.preflight.shared import SharedPreflight
from actionrelay.preflight.shared_dynamodb import TableNoticeBoard
from actionrelay.token.login_http import ClientCredentialsIssuer
from actionrelay.token.store_ssm import TokenParameter
from actionrelay.wiring.process import SystemClock, aws, once, prepare
from actionrelay.wiring.settings import PreflightSettings
from actionrelay.wiring.signing import signing_secrets


@once
def preflight_settings() -> PreflightSettings:
    """Read what ``preflight`` needs of its environment."""
    return PreflightSettings.read(os.environ)


@once
def run_preflight() -> SharedPreflight:
    """Checks whether actions can be executed."""
    settings = preflight_settings()
    api, secret_name = settings.genesys_api, settings.genesys_secret_name
    hosts = find_hosts(api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url)
    pool = new_pool()
    secret = NamedSecret(aws().secrets, secret_name)
    signing = SigningSecrets(_stored(settings.webhook_secret_name), _stored(settings.delivery_secret_name))

    gate = TableRateGate(aws().dynamodb, settings.executions_table, Sharing(Rate(settings.requests_per_minute)))
    preflight = RunPreflight(
        api=api,
        requests_per_minute=settings.requests_per_minute,
        secret_name=secret_name,
        credentials=partial(_current_text, secret),
        signing=signing,
        store=TokenParameter(aws().ssm, settings.token_parameter_name),
        issuer=ClientCredentialsIssuer(pool, hosts.login, api, secret_name, secret.value, secret.forget),
        platform=GatedProbe(GenesysProbe(pool, hosts.api, api), gate, SystemClock()),
        clock=SystemClock(),
    )
    return SharedPreflight(preflight, TableNoticeBoard(aws().dynamodb, settings.executions_table), SystemClock())


@once
def read_receiver_keys() -> ReadReceiverKeys:
    """Returns a receiver's keys."""
    settings = preflight_settings()
    return ReadReceiverKeys(partial(signing_secrets, NamedSecret(aws().secrets, settings.delivery_secret_name)))


def _stored(name: str) -> StoredSecret:
    return StoredSecret(name, partial(_current_text, NamedSecret(aws().secrets, name)))


def _current_text(secret: NamedSecret) -> str:
    """Read the secret itself, not a cached value."""
    secret.forget()
    return secret.value()


prepare(run_preflight)
