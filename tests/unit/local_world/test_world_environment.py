"""The world gets nothing of a developer's AWS configuration, and little else of the environment."""

import os
from pathlib import Path

from local.world.environment import MARKER, for_servers, for_tools

DEVELOPER = {
    "PATH": "/usr/bin",
    "HOME": "/home/developer",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_ENDPOINT_URL": "https://elsewhere",
    "SAM_CLI_BETA_FEATURES": "1",
    "PYTHONPATH": "/home/developer/lib",
    "HTTPS_PROXY": "http://proxy",
    "NO_PROXY": "intranet",
}


def test_tools_see_no_aws_settings_but_keep_proxies_and_caches() -> None:
    environment = for_tools(DEVELOPER, Path("/tools"))
    assert environment.keys().isdisjoint({"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "PYTHONPATH"})
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["HTTPS_PROXY"] == "http://proxy"
    assert environment["HOME"] == "/home/developer"
    assert environment["PATH"] == "/tools:/usr/bin"


def test_tools_reach_the_emulator_past_a_proxy() -> None:
    environment = for_tools(DEVELOPER)
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,127.0.0.1,localhost"
    assert environment["SAM_CLI_TELEMETRY"] == "0"
    assert "SAM_CLI_BETA_FEATURES" not in environment


def test_servers_see_next_to_nothing_and_are_marked(tmp_path: Path) -> None:
    environment = for_servers(DEVELOPER, tmp_path, tmp_path / "tmp")
    assert environment == {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        MARKER: str(tmp_path),
        "HOME": str(tmp_path / "tmp"),
        "TMPDIR": str(tmp_path / "tmp"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
