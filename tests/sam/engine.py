"""The container engine: whether there is one, and the way from inside its containers back to this machine."""

import contextlib
import ipaddress
import json
import socket
import subprocess
from collections.abc import Iterator, Sequence

from tests.sam.relay import relay

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
_ANSWER_SECONDS = 20
_PULL_SECONDS = 300


def why_not() -> str | None:
    """Return what keeps functions from running in containers here; None if nothing does."""
    if _docker("version", "--format", "{{.Server.Version}}") is None:
        return "no container engine answers"
    if _docker("image", "inspect", IMAGE) is None and _docker("pull", IMAGE, seconds=_PULL_SECONDS) is None:
        return f"the image {IMAGE} is not here and can't be pulled"
    return None


@contextlib.contextmanager
def reachable(urls: Sequence[str]) -> Iterator[dict[str, str]]:
    """Map the URL of each server on 127.0.0.1 to one under which containers reach it until the block ends.

    In a container 127.0.0.1 is the container. `--docker-network host` leaves it so: SAM CLI connects its containers to
    further networks than the default one, and passes over that name. On Linux the host is the gateway of the default
    network, so a relay listens there; where containers live in a virtual machine, that has a name for the host.
    """
    gateway = _gateway()
    with contextlib.ExitStack() as relays:
        if gateway is not None and _is_ours(gateway):
            yield {url: relays.enter_context(relay(url, gateway)) for url in urls}
        else:
            yield {url: url.replace("127.0.0.1", "host.docker.internal") for url in urls}


def _gateway() -> str | None:
    """Return the gateway of the network that containers are in by default: the first address, unless one is set."""
    described = _docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}")
    for subnet in json.loads(described or "null") or ():
        network = ipaddress.ip_network(subnet["Subnet"])
        if network.version == 4:
            return str(subnet.get("Gateway") or next(network.hosts()))
    return None


def _is_ours(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _docker(*arguments: str, seconds: float = _ANSWER_SECONDS) -> str | None:
    """Return what docker says, or None if it fails or is not there."""
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=seconds, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
