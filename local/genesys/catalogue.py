"""The organisation's actions, in the form of real exports, with invented values.

Thirteen are written out; the rest are plain look-ups that make the list three pages long. `GET …/actions` leaves out
what can't be executed (`includeAuthActions`) and what is not published (drafts have a list of their own).
"""

import uuid
from collections.abc import Mapping
from typing import Any

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
REST = "2f6d8f0e-55f7-4f4f-a1f5-0d4b9c1e7a11"
FUNCTIONS = "7b0c7a52-3f0b-4c8b-9a64-6e2d1f9b3c22"
_NAMESPACE = uuid.UUID("6f8f3a54-1d8c-4a0e-9f50-3a1c5c0d7e33")

type Json = dict[str, Any]


def action_id(name: str) -> str:
    """Return the id of an action of the simulator's: the same in every process."""
    return f"custom_-_{uuid.uuid5(_NAMESPACE, name)}"


def _text(description: str | None = None, **more: Any) -> Json:
    return {"type": "string", **({"description": description} if description else {}), **more}


def _object(properties: Json, *required: str, draft: str | None = DRAFT_4, additional: bool | None = True) -> Json:
    return {
        **({"$schema": draft} if draft else {}),
        "title": "Inputs",
        "type": "object",
        "properties": properties,
        **({"required": list(required)} if required else {}),
        **({} if additional is None else {"additionalProperties": additional}),
    }


def _action(
    name: str,
    method: str,
    inputs: Json,
    output: Json | None = None,
    *,
    category: str = "Shop",
    integration: str = REST,
    timeout: int | None = 20,
    version: int = 1,
    secure: bool = False,
    by_uri: bool = False,
    auth: bool = False,
    draft: bool = False,
) -> Json:
    identity = action_id(name)
    success = output or {"$schema": DRAFT_4, "type": "object", "properties": {"ok": {"type": "boolean"}}}
    return {
        "action": {
            "id": identity,
            "name": name,
            "integrationId": integration,
            "category": category,
            "version": version,
            "secure": secure,
            "selfUri": f"/api/v2/integrations/actions/{identity}",
        },
        "config": {
            "request": {
                "requestUrlTemplate": "https://shop.example/orders/${input.orderId}",
                "requestTemplate": "${input.rawRequest}",
                "requestType": method,
                "headers": {"UserAgent": "PureCloudIntegrations/1.0"},
            },
            "response": {"translationMap": {}, "translationMapDefaults": {}, "successTemplate": "${rawResult}"},
            **({} if timeout is None else {"timeoutSeconds": timeout}),
        },
        "inputs": inputs,
        "output": success,
        "by_uri": by_uri,
        "auth": auth,
        "draft": draft,
    }


_ADDRESS = _object({"street": _text(), "city": _text(), "postalCode": _text(pattern="^[0-9]{5}$")}, "city", draft=None)
_WRITTEN = (
    _action(
        "Get order status",
        "GET",
        _object({"orderId": _text("As on the receipt"), "language": _text(enum=["de", "en", "fr"])}, "orderId"),
        _object({"status": _text(), "total": {"type": "number"}}),
    ),
    _action("Find customer", "GET", _object({"phoneNumber": _text("E.164"), "email": _text()}, draft=None)),
    _action(
        "Create callback",
        "POST",
        _object(
            {
                "customerId": _text(),
                "callAt": _text(format="date-time"),
                "attempts": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
                "queue": _text(default="Support"),
            },
            "customerId",
            "queue",
        ),
        category="Contact centre",
        timeout=None,
    ),
    _action(
        "Change address", "PATCH", _object({"customerId": _text(), "newsletter": {"type": "boolean"}}, "customerId")
    ),
    _action(
        "Replace delivery slot", "PUT", _object({"orderId": _text(), "slot": {"type": "integer"}}, "orderId", "slot")
    ),
    _action(
        "Quote shipping",
        "POST",
        _object(
            {
                "address": _ADDRESS,
                "items": {
                    "type": "array",
                    "maxItems": 50,
                    "items": _object(
                        {"sku": _text(), "count": {"type": "integer", "minimum": 1}},
                        "sku",
                        draft=None,
                        additional=False,
                    ),
                },
            },
            "address",
            additional=False,
        ),
        category="Functions",
        integration=FUNCTIONS,
        timeout=15,
    ),
    _action(
        "Score churn",
        "POST",
        _object(
            {"customerId": _text(), "weights": {"type": "object", "additionalProperties": {"type": "number"}}},
            draft=None,
            additional=None,
        ),
        category="Functions",
        integration=FUNCTIONS,
        timeout=15,
    ),
    _action("Read balance", "GET", _object({"accountId": _text(), "pin": _text()}, "accountId", "pin"), secure=True),
    _action(
        "Charge card", "POST", _object({"cardToken": _text(), "amount": {"type": "number"}}, "amount"), secure=True
    ),
    _action("List stores", "GET", {"type": "object", "properties": {}, "additionalProperties": True}, timeout=5),
    _action(
        "Get invoice",
        "GET",
        _object({"invoiceId": _text(minLength=3), "copy": {"type": ["boolean", "null"]}}, "invoiceId"),
        by_uri=True,
        version=4,
    ),
    _action("Log in", "POST", _object({"rawRequest": _text()}), category="Shop", auth=True, timeout=None),
    _action("Cancel order", "DELETE", _object({"orderId": _text()}, "orderId"), draft=True),
)
PLAIN = 40
"""Look-ups that fill the list to 51 actions, which are three pages of 25."""
INPUTS = "inputSchema.json"
OUTPUT = "successSchema.json"


def actions_of(plain: int) -> dict[str, Json]:
    """Return the organisation's actions by id, with this many plain ones."""
    filling = (
        _action(f"Look up table {number:04d}", "GET", _object({"key": _text()}, "key"), category="Tables")
        for number in range(1, plain + 1)
    )
    return {each["action"]["id"]: each for each in (*_WRITTEN, *filling)}


def listed(known: Mapping[str, Any], *, auth: bool) -> Json | None:
    """Return an action's entry in the list of published ones; None if it is not published."""
    if known["draft"] or (known["auth"] and not auth):
        return None
    return dict(known["action"])


def shown(known: Mapping[str, Any], *, contract: bool, config: bool) -> Json:
    """Return one action, depending on `expand=contract` and `includeConfig=true`."""
    document = dict(known["action"])
    if contract:
        document["contract"] = _contract(known)
    if config:
        document["config"] = known["config"]
    return document


def _contract(known: Mapping[str, Any]) -> Json:
    if not known["by_uri"]:
        return {"input": {"inputSchema": known["inputs"]}, "output": {"successSchema": known["output"]}}
    below = f"{known['action']['selfUri']}/schemas/"
    return {"input": {"inputSchemaUri": below + INPUTS}, "output": {"successSchemaUri": below + OUTPUT}}


def schema(known: Mapping[str, Any], file: str) -> Json | None:
    """Return a schema by the name of its file."""
    found: Json | None = {INPUTS: known["inputs"], OUTPUT: known["output"]}.get(file)
    return found
