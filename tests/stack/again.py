"""Deploys the current build over a running world, like an upgrade."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from local.world import environment
from local.world.build import built
from local.world.deploy import api_id, api_url, deploy
from local.world.emulator import Account
from local.world.progress import Progress
from local.world.state import ROOT, Stack

QUIET = Progress(Console(quiet=True))


def deployed_again(stack: Stack, state: Path, parameters: Mapping[str, str] | None = None) -> Stack:
    """Return the world's addresses after the deployment; the world of folder ``state`` stays up meanwhile."""
    account = Account(stack.endpoint_url, stack.access_key_id, stack.secret_access_key)
    wanted = {
        "GenesysApiUrl": stack.genesys_url,
        "GenesysLoginUrl": stack.genesys_url,
        "AllowPrivateWebhooks": "true",
        "ApiBaseUrl": api_url(stack.endpoint_url, "{apiId}"),
        **(parameters or {}),
    }
    tools = environment.for_tools(os.environ, ROOT / ".tools" / "uv" / "bin")
    with built(QUIET, tools, state / "logs" / "build-again.log"):
        outputs = deploy(account, wanted, tools, state / "logs" / "deploy-again.log")
    return replace(stack, outputs=outputs, api_url=api_url(stack.endpoint_url, api_id(outputs)))
