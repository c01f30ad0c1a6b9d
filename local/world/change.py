"""Changes the parameters of a running world, like a deployment with `--parameter-overrides`."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from local.world.deploy import STACK_NAME
from local.world.emulator import Account
from local.world.errors import WorldError
from local.world.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

_ALIAS = "live"
_PATIENCE_SECONDS = 120.0
_LOOK_AGAIN_SECONDS = 0.1


def change(stack: Stack, parameters: Mapping[str, str]) -> None:
    """Update the stack's parameters, and let callers and queues meet what follows from them.

    On AWS each function whose settings change gets a new version: the transform `AWS::LanguageExtensions` puts the
    parameters' values in before SAM compares. The emulator has no such transform, so that is done here. Raises
    WorldError when the stack can't be updated.
    """
    account = Account(stack.endpoint_url, stack.access_key_id, stack.secret_access_key)
    _update(account, parameters)
    functions = account.session().client("lambda", endpoint_url=account.endpoint)
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        live = functions.get_function_configuration(FunctionName=name, Qualifier=_ALIAS)
        if live.get("Environment") != function.get("Environment"):
            version = functions.publish_version(FunctionName=name)["Version"]
            functions.update_alias(FunctionName=name, Name=_ALIAS, FunctionVersion=version)


def _update(account: Account, parameters: Mapping[str, str]) -> None:
    formation = account.session().client("cloudformation", endpoint_url=account.endpoint)
    (before,) = formation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    kept = {parameter["ParameterKey"] for parameter in before["Parameters"]} - parameters.keys()
    wanted: list[ParameterTypeDef] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
    ]
    wanted += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)]
    formation.update_stack(
        StackName=STACK_NAME,
        UsePreviousTemplate=True,
        Parameters=wanted,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    ends = time.monotonic() + _PATIENCE_SECONDS
    while (status := formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"]) != "UPDATE_COMPLETE":
        if not status.endswith("IN_PROGRESS") or time.monotonic() > ends:
            raise WorldError(f"the stack's parameters can't be changed: {status}")
        time.sleep(_LOOK_AGAIN_SECONDS)
