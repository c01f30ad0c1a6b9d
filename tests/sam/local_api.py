"""A caller of the API that `sam local start-api` serves."""

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import urllib3

from local.world.ports import answers_http, free_port, wait_until
from tests.sam.project import Project

_START_SECONDS = 60
_STOP_SECONDS = 30
_REQUEST_SECONDS = 60
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
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        arguments = ("--port", str(port), "--warm-containers", "LAZY", "--no-watch")
        with (folder / "log").open("w+", encoding="utf-8") as log:
            process = subprocess.Popen(
                project.command("start-api", *arguments),
                cwd=project.folder,
                env=project.environment(folder / "tmp"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                # A path that no function serves, so that nothing is started for the question.
                answers = wait_until(
                    lambda: answers_http(url), alive=lambda: process.poll() is None, seconds=_START_SECONDS
                )
                assert answers, (folder / "log").read_text(encoding="utf-8")
                with urllib3.PoolManager(retries=False, timeout=_REQUEST_SECONDS) as http:
                    yield cls(url, http)
            finally:
                _end(process)

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


def _end(process: subprocess.Popen[bytes]) -> None:
    # What Ctrl-C sends: SAM CLI then takes its containers with it.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
