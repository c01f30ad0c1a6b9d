"""A caller of the API that `sam local start-api` serves."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import urllib3

from tests.sam.project import Project
from tests.sam.serving import serving

_PATIENT: dict[str, Any] = {"retries": False, "timeout": 60}
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LocalApi:
    """The API, served from containers that stay for the next request. It takes every caller's word."""

    url: str
    http: urllib3.PoolManager

    @classmethod
    @contextlib.contextmanager
    def serve(cls, project: Project, folder: Path) -> Iterator[Self]:
        """Serve the API of `project` until the block ends; its log is in `folder`."""
        with serving(project, "start-api", folder) as url, urllib3.PoolManager(**_PATIENT) as http:
            yield cls(url, http)

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send one request."""
        sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers
        return self.http.request(method, self.url + path, body=body, headers=sent)

    def submit(self, document: Mapping[str, Any]) -> urllib3.BaseHTTPResponse:
        """`POST /executions`."""
        return self.call("POST", "/executions", json.dumps(document).encode())

    def ended(self, execution_id: str) -> dict[str, Any]:
        """Look at an execution until it has ended, or for as long as patience lasts; return what was seen last."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        while True:
            answer = self.call("GET", f"/executions/{execution_id}")
            assert answer.status == 200, answer.data
            execution: dict[str, Any] = answer.json()
            if execution["completedAt"] or time.monotonic() > ends:
                return execution
            time.sleep(0.2)
