"""What the world's processes get to see of this process's environment: nothing that could reach a real
account.
"""

import os
from collections.abc import Mapping
from pathlib import Path

REGION = "us-east-1"
"""The region that the world pretends to be in."""

MARKER = "ACTIONRELAY_WORLD"
"""Set to the world's folder in each of its processes and in what they start, so that orphans are
recognised.
"""

_OWN_PREFIXES = ("AWS_", "SAM_CLI_", "PYTHON", "VIRTUAL_ENV")
_KEPT_BY_SERVERS = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")

_NO_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}


def for_tools(parent: Mapping[str, str], first_on_path: Path | None = None) -> dict[str, str]:
    """Return the environment for `sam`: all of the parent's but AWS and Python settings.

    Proxies, caches and index settings stay, since `sam build` installs packages. `first_on_path` is a folder
    of tools that are preferred to the machine's.
    """
    kept = {name: value for name, value in parent.items() if not name.startswith(_OWN_PREFIXES)}
    if first_on_path is not None:
        kept["PATH"] = os.pathsep.join((str(first_on_path), kept.get("PATH", os.defpath)))
    no_proxy = ",".join(filter(None, (kept.get("NO_PROXY") or kept.get("no_proxy"), "127.0.0.1,localhost")))
    return (
        kept
        | _NO_CONFIGURATION
        | {
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            "SAM_CLI_TELEMETRY": "0",
            # The emulator answers at once; SAM's own half second between two looks adds up to several.
            "SAM_CLI_POLL_DELAY": "0.2",
        }
    )


def for_servers(parent: Mapping[str, str], world: Path, temporary: Path) -> dict[str, str]:
    """Return the environment for the emulator, the simulator and the sink: next to nothing of the parent's.

    The emulator hands its own environment to every function, and a function in Lambda sees nothing of a
    developer's machine either.
    """
    kept = {name: parent[name] for name in _KEPT_BY_SERVERS if name in parent}
    return (
        {"PATH": os.defpath, "LANG": "C.UTF-8"}
        | kept
        | {
            MARKER: str(world),
            "HOME": str(temporary),
            "TMPDIR": str(temporary),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )


def leave_aws_settings() -> None:
    """Take the user's AWS settings out of this process, for the clients that it makes itself."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_NO_CONFIGURATION)
