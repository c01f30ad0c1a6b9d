"""The addresses and names that a running local world reports."""

from local.world.state import Stack

STACK = Stack(
    api_url="http://127.0.0.1:1/_aws/execute-api/abc/v1",
    endpoint_url="http://127.0.0.1:1",
    region="us-east-1",
    access_key_id="AKIA",
    secret_access_key="key",
    genesys_url="http://127.0.0.1:2",
    sink_url="http://127.0.0.1:3",
    webhook_secret="whsec_a",
    delivery_secret="whsec_b",
    outputs={"ApiUrl": "https://abc"},
    pids=[1, 2],
)
