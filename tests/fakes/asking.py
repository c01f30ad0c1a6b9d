"""Sends one call with the real client, over its own pool, to a server on the loopback interface."""

import json

from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import DataActions, Integrations
from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.http import new_pool
from actionrelay.genesys.verdict import Reply
from tests.fakes.genesys import a_token
from tests.fakes.loopback import LoopbackServer, Script
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, INPUTS, TRACE_ID

RECEIPT_URL = "https://relay.example.com/v1/webhooks/genesys"
DATA_ACTIONS = DataActions(RECEIPT_URL)
INTEGRATIONS = Integrations()
COMPLETED = b'{"status":"completed","result":{"total":3}}'

type Contract = DataActions | Integrations


def a_call(action_id: str = ACTION_ID) -> ActionCall:
    return ActionCall(EXECUTION_ID, action_id, TRACE_ID, json.dumps(INPUTS), 10_000, cache_results=True)


def ask(url: str, contract: Contract = DATA_ACTIONS, wait_ms: int = 5_000, action_id: str = ACTION_ID) -> Reply:
    pool = new_pool()
    try:
        return GenesysClient(pool, url, contract).execute(a_call(action_id), a_token(), wait_ms)
    finally:
        pool.clear()


def asked(script: Script, contract: Contract = DATA_ACTIONS, wait_ms: int = 5_000) -> Reply:
    with LoopbackServer(script) as server:
        return ask(server.url, contract, wait_ms)
