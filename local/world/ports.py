"""Ports on 127.0.0.1: finding free ones and waiting for answers on them."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

_POLL_SECONDS = 0.05


def free_port() -> int:
    """Return a port that nothing listens on now. Another process may still take it first, so callers try
    again.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers_http(url: str) -> bool:
    """Say whether an HTTP server answers at `url`, whatever its answer is."""
    # No proxy from the environment: the address is this machine's own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_until(ready: Callable[[], bool], *, alive: Callable[[], bool], seconds: float) -> bool:
    """Poll until `ready`; False as soon as `alive` says no, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not alive() or time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
