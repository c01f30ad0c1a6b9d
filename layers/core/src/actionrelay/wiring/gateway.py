"""What is in front of a function: API Gateway, or a local server that proves no caller."""

import os

from actionrelay.wiring.settings import OperatedSettings


def proves_no_caller() -> bool:
    """Whether `sam local start-api` serves the API: it authorises nobody, so no event of its has a caller.

    SAM CLI sets this variable in the containers that it starts. The template sets it nowhere (`tests/template`).
    """
    return os.environ.get("AWS_SAM_LOCAL") == "true"


def operator_keys() -> frozenset[str]:
    """Return the ids of the operators' API keys; none where IAM says who may do what.

    Raises:
        SettingsError: the function's environment does not say.
    """
    return OperatedSettings.read(os.environ).operator_key_ids
