"""A step: with the contract `integrations`, a misspelled input is caught before the call."""

import json
from http import HTTPStatus
from typing import Any

from local.api import ApiClient
from local.demo.expectations import eventually, expect, expect_status
from local.demo.showing import Show
from local.demo.witnesses import Witnesses
from local.genesys.catalogue import action_id
from local.world.change import change
from local.world.state import Stack

PARAMETERS = {"GenesysApi": "integrations", "ContractCheck": "enforce"}
_NAME = "Get order status"
_MISSPELLED = {"orderId": "4711", "langage": "de"}
_MEANT = {"orderId": "4711", "language": "de"}


def misspelled(api: ApiClient, show: Show, witnesses: Witnesses, stack: Stack) -> None:
    """Change the contract, wait for the catalogue, and send a misspelled input."""
    show.say("The stack's parameters become " + ", ".join(f"{name}={value}" for name, value in PARAMETERS.items()))
    witnesses.few_actions()
    change(stack, PARAMETERS)
    show.request("POST", "/v1/actions/sync  by an operator: read the organisation's actions")
    answer = api.call("POST", "/actions/sync", body=b"")
    expect_status(answer, HTTPStatus.ACCEPTED)
    show.answer(answer)
    with show.waiting("waiting for the catalogue"):
        eventually("the catalogue is whole", wanted=True, read=lambda: _actions(api)["catalogue"]["complete"])
    known = _actions(api)
    (found,) = [each for each in known["actions"] if each["name"] == _NAME]
    expect("the action's id", wanted=action_id(_NAME), came=found["actionId"])
    shown = api.call("GET", f"/actions/{found['actionId']}")
    expect_status(shown, HTTPStatus.OK)
    show.say(f"{len(known['actions'])} actions are known. “{_NAME}” is a {shown.document['requestType']}, and takes:")
    show.table(
        ("input", "type", "required", "description"),
        [_row(each) for each in shown.document["inputs"]],
    )

    asked = witnesses.asked()
    request = {"actionId": found["actionId"], "inputs": _MISSPELLED}
    show.request("POST", "/v1/executions", _MISSPELLED)
    answer = api.submit(request)
    expect_status(answer, HTTPStatus.UNPROCESSABLE_ENTITY)
    errors = answer.document["errors"]
    show.answer(answer, {"code": answer.document["code"], "errors": errors})
    expect("pointers and codes", wanted=[("/inputs/langage", "unknown_input")], came=_found(errors))
    expect("the likely name is said", wanted=True, came="did you mean language?" in errors[0]["detail"])
    expect("requests to Genesys Cloud", wanted=0, came=witnesses.asked() - asked)
    show.seen("caught before the call; Genesys Cloud itself would have ignored the misspelled input")

    show.request("POST", "/v1/executions?dryRun=true  with the name that was meant", _MEANT)
    answer = api.call("POST", "/executions?dryRun=true", body=json.dumps({**request, "inputs": _MEANT}).encode())
    expect_status(answer, HTTPStatus.OK)
    show.answer(answer, {"defaults": answer.document["defaults"]})
    expect("what is learned", wanted="true: the action is a GET", came=answer.document["defaults"]["cacheResults"])
    show.seen("valid; omitted fields follow from the action's definition")


def _actions(api: ApiClient) -> Any:
    answer = api.call("GET", "/actions")
    expect_status(answer, HTTPStatus.OK)
    return answer.document


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    return entry["name"], str(entry["type"]), "yes" if entry["required"] else "", entry["description"] or ""


def _found(errors: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in errors]
