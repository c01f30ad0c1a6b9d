"""Run by the environment of Genesys Cloud's published SDK, not by pytest's: makes the calls that it reads.

`sdk_process.py HOST` reads one JSON object a line from standard input, and answers each with a line:

- `{"login": [client id, secret]}`: `{}`, and the calls after it carry the token;
- `{"api": "IntegrationsApi", "call": "get_integrations_action", "arguments": {…}}`: `{"type", "body", "read"}`, the
  class of what the SDK made of the answer, the answer itself, and what is left of it in the SDK's models;
  `{"status", "headers", "body"}` where the SDK raises `ApiException`;
- `{"body": text, "model": "ErrorBody"}`: `{"read"}`, the same for a text from elsewhere.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

import PureCloudPlatformClientV2 as Published
from PureCloudPlatformClientV2.rest import ApiException


@dataclass(frozen=True)
class Body:
    """What the SDK deserializes: an answer's body and its type."""

    data: str

    def getheader(self, name: str) -> str:
        """Return the one header that is asked for."""
        return "application/json"


def answered(client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one line."""
    if "login" in asked:
        client.get_client_credentials_token(*asked["login"])
        return {}
    if "model" in asked:
        return {"read": client.sanitize_for_serialization(client.deserialize(Body(asked["body"]), asked["model"]))}
    call = getattr(getattr(Published, asked["api"])(client), asked["call"])
    try:
        result = call(**asked["arguments"])
    except ApiException as refused:
        return {
            "status": refused.status,
            "headers": {name.lower(): value for name, value in refused.headers.items()},
            "body": refused.body,
        }
    read = client.sanitize_for_serialization(result)
    return {"type": type(result).__name__, "body": client.last_response.data, "read": read}


def main() -> None:
    """Answer until standard input ends."""
    client = Published.api_client.ApiClient(host=sys.argv[1])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(client, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
