"""The two servers as processes: their output, how they start and how they end."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import urllib3

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def asked_for_health(port: int) -> dict[str, str] | None:
    with urllib3.PoolManager(retries=False) as pool:
        try:
            found: dict[str, str] = pool.request("GET", f"http://127.0.0.1:{port}/_control/health", timeout=5).json()
        except urllib3.exceptions.HTTPError:
            return None
    return found


@pytest.mark.parametrize("module", ["local.genesys", "local.sink"])
def test_a_server_answers_health_and_ends_on_sigterm(module: str) -> None:
    port = free_port()
    process = start(module, "--port", str(port))
    deadline = time.monotonic() + 20
    try:
        while (health := asked_for_health(port)) is None:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert health == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=10)
        assert printed == b""
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("local.genesys", ["--scenario", "no-such-file.json"]),
        ("local.genesys", ["--mode", "sometimes"]),
        ("local.sink", ["--secret", "plain"]),
    ],
)
def test_wrong_arguments_end_with_2_and_say_why(module: str, arguments: list[str]) -> None:
    process = start(module, "--port", "1", *arguments)
    printed, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert b"error:" in printed
