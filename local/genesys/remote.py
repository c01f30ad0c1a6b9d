"""A client of a simulator in another process or thread: its control routes, and any path of the platform.

For tests, the demo and the benchmarks. Nothing is retried, and no answer is an exception by its status:
what a simulator answers is what its user wants to see.
"""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import urllib3

TIMEOUT_SECONDS = 30.0


class ControlError(Exception):
    """A control route refused; the text is its answer."""


class RemoteSimulator:
    """A simulator at a base URL. Use it in a `with` block, which closes its connections."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.clear()

    def call(
        self,
        method: str,
        path: str,
        *,
        content: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> urllib3.BaseHTTPResponse:
        """Send one request, `content` as JSON or `body` as it is; raises urllib3's errors as they come."""
        sent = dict(headers or {})
        if content is not None:
            body = json.dumps(content).encode()
            sent.setdefault("Content-Type", "application/json")
        return self._pool.request(method, self.url + path, body=body, headers=sent, timeout=timeout)

    def put_scenario(self, scenario: Mapping[str, Any]) -> dict[str, Any]:
        """Set the whole scenario; return it with its defaults."""
        return self._control("PUT", "scenario", scenario)

    def patch_scenario(self, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Change part of the scenario by a JSON merge patch; return the whole."""
        return self._control("PATCH", "scenario", patch)

    def script(self, *faults: Mapping[str, Any]) -> int:
        """Queue faults for the next requests; return how many wait now."""
        return int(self._control("POST", "script", list(faults))["waiting"])

    def counts(self) -> dict[str, Any]:
        """Return the counts."""
        return self._control("GET", "counts")

    def runs(self) -> int:
        """Return how many times any action ran."""
        return int(self.counts()["runs"]["total"])

    def requests(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the recorded requests, all or those with these values (`traceId=…`)."""
        return self._listed("requests", wanted)

    def callbacks(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the recorded callbacks, all or those with these values (`executionId=…`)."""
        return self._listed("callbacks", wanted)

    def revoke_tokens(self) -> int:
        """Revoke every token; return how many there were."""
        return int(self._control("POST", "tokens/revoke", {})["revoked"])

    def reset(self, *, tokens: bool = False) -> None:
        """Bring the simulator back to its start."""
        self._control("POST", "reset", {"tokens": tokens})

    def _listed(self, name: str, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self._control("GET", f"{name}?{urlencode(wanted)}")[name]
        return listed

    def _control(self, method: str, name: str, content: Any = None) -> dict[str, Any]:
        answer = self.call(method, f"/_control/{name}", content=content)
        if answer.status != 200:
            raise ControlError(answer.data.decode())
        parsed: dict[str, Any] = answer.json()
        return parsed
