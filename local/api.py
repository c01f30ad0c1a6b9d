"""A caller of the deployed API: requests signed with SigV4 for `execute-api`, the way an IAM principal sends them.

For the demo and the stack tests. Nothing is retried and no status is an exception: what the API answers is what its
caller wants to see.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.world.state import Stack

TIMEOUT_SECONDS = 30.0
"""A little more than the 29 s after which API Gateway itself gives up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer, and how long it took."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    milliseconds: float

    @property
    def document(self) -> Any:
        """The body as JSON, or as text where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode("utf-8", "replace")

    @property
    def media_type(self) -> str:
        """The content type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


class ApiClient:
    """Calls the API of one stack with that stack's keys. Use it in a `with` block, which closes its connections."""

    def __init__(self, stack: Stack, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.url = stack.api_url
        self._signer = SigV4Auth(Credentials(stack.access_key_id, stack.secret_access_key), "execute-api", stack.region)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.clear()

    def submit(self, request: Any, **headers: str) -> Answer:
        """`POST /executions` with a JSON document."""
        return self.call("POST", "/executions", body=json.dumps(request).encode(), headers=headers)

    def executions(self, query: Mapping[str, str] | None = None) -> Answer:
        """`GET /executions` with filters."""
        # A signature covers one encoding of a space, and of everything else.
        asked = urlencode(query or {}, quote_via=quote, safe="")
        return self.call("GET", f"/executions?{asked}" if asked else "/executions")

    def execution(self, execution_id: str) -> Answer:
        """`GET /executions/{executionId}`."""
        return self.call("GET", f"/executions/{execution_id}")

    def audit(self, execution_id: str) -> Answer:
        """`GET /executions/{executionId}/audit`."""
        return self.call("GET", f"/executions/{execution_id}/audit")

    def call(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one signed request below the stage, `body` as it is; raises urllib3's errors as they come."""
        sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else dict(headers or {})
        request = AWSRequest(method, self.url + path, headers=sent, data=body)
        self._signer.add_auth(request)
        started = time.perf_counter()
        response = self._pool.request(method, self.url + path, body=body, headers=dict(request.headers.items()))
        elapsed = (time.perf_counter() - started) * 1_000
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, received, response.data, elapsed)
