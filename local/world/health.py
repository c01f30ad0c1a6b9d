"""Whether a world's API answers a caller."""

import urllib.error
import urllib.request
from http import HTTPStatus

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.world.deploy import STACK_NAME
from local.world.emulator import Account
from local.world.environment import REGION

_SECONDS = 10


def api_answers(api_url: str, account: Account, api_key: str | None = None) -> bool:
    """Say whether a signed `GET {api_url}/health` is answered with 200."""
    request = AWSRequest("GET", f"{api_url}/health", headers={"x-api-key": api_key} if api_key else {})
    SigV4Auth(Credentials(account.access_key_id, account.secret_access_key), "execute-api", REGION).add_auth(request)
    # Both lines: an http URL of this machine, which no proxy from the environment can reach.
    plain = urllib.request.Request(f"{api_url}/health", headers=dict(request.headers.items()))  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(plain, timeout=_SECONDS) as answer:
            status: int = answer.status
    except (urllib.error.HTTPError, OSError):
        return False
    return status == HTTPStatus.OK


def api_key_of(account: Account, resource: str = "ApiKey") -> str | None:
    """Return the value of an API key of the template, or None where callers are known by IAM."""
    session = account.session()
    formation = session.client("cloudformation", endpoint_url=account.endpoint)
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    made = {each["LogicalResourceId"]: each for page in pages for each in page["StackResourceSummaries"]}
    if resource not in made:
        return None
    gateway = session.client("apigateway", endpoint_url=account.endpoint)
    return gateway.get_api_key(apiKey=made[resource]["PhysicalResourceId"], includeValue=True)["value"]
