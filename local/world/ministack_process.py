"""MiniStack's process, with two things as AWS has them. Run by MiniStack's own interpreter.

AWS says in an event's `identity` which API key a request came with, where its method asks for one; MiniStack checks the
key and keeps it to itself.

SQS has no permission for a batch of its own: who may `sqs:SendMessage` may send several at once. MiniStack asks for
`sqs:SendMessageBatch`, which no policy on AWS can name.
"""

from typing import Any

from ministack.app import main  # type: ignore[import-not-found]  # of another environment
from ministack.core import iam_actions  # type: ignore[import-not-found]  # as above
from ministack.services import apigateway_v1 as gateway  # type: ignore[import-not-found]

_build_event = gateway._build_lambda_event_v1  # noqa: SLF001 - there is no public way to replace it


def _with_api_key(*given: Any, **named: Any) -> dict[str, Any]:
    event: dict[str, Any] = _build_event(*given, **named)
    _api, _stage_name, _stage, resource, _path, method, headers, *_ = given
    methods = resource.get("resourceMethods", {})
    if (methods.get(method) or methods.get("ANY") or {}).get("apiKeyRequired"):
        key = gateway._resolve_api_key(gateway._api_key_from_request(headers))  # noqa: SLF001 - as above
        if key:
            event["requestContext"]["identity"] |= {"apiKey": key["value"], "apiKeyId": key["id"]}
    return event


gateway._build_lambda_event_v1 = _with_api_key  # noqa: SLF001 - as above

_action_of = iam_actions.extract_iam_action


def _as_one_message(*given: Any, **named: Any) -> str | None:
    action: str | None = _action_of(*given, **named)
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


iam_actions.extract_iam_action = _as_one_message

if __name__ == "__main__":
    main()
