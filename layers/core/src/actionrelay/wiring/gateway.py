"""What is in front of a function: API Gateway, or a local server that authenticates no caller."""

import os

from actionrelay.wiring.settings import OperatedSettings


def proves_no_caller() -> bool:
    """Whether `sam local start-api` serves the API: it authorises no one, so its events have no caller.

    SAM CLI sets this variable in the containers that it starts; the template never does (`tests/template`).
    """
    return os.environ.get("AWS_SAM_LOCAL") == "true"


def operator_keys() -> frozenset[str]:
    """Return the ids of the operators' API keys; empty if IAM authorises callers.

    Raises:
        SettingsError: the environment lacks them.
    """
    return OperatedSettings.read(os.environ).operator_key_ids
