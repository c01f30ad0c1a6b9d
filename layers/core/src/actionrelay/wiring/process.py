"""What a process has once: its clients. And what it takes from the machine: the time and chance."""

import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from typing import override

from boto3.session import Session

from actionrelay.aws.clients import AwsClients
from actionrelay.ports import Clock, Randomness

_RUNTIME = "AWS_LAMBDA_RUNTIME_API"
"""Where Lambda's runtime asks for events; nobody else sets it."""


class SystemClock(Clock):
    """The machine's clock."""

    @override
    def now(self) -> int:
        return time.time_ns() // 1_000_000


class SystemRandomness(Randomness):
    """The operating system's randomness."""

    @override
    def uniform(self) -> float:
        return random.SystemRandom().random()

    @override
    def new_id(self) -> str:
        return str(uuid.uuid4())


def once[Wired](build: Callable[[], Wired]) -> Callable[[], Wired]:
    """Build at the first call and remember; threads that come at the same time wait for the one that builds."""
    lock = threading.Lock()
    built = cache(build)

    @wraps(build)
    def remembered() -> Wired:
        with lock:
            return built()

    remembered.cache_clear = built.cache_clear  # type: ignore[attr-defined]  # tests start from nothing
    return remembered


def prepare(*builds: Callable[[], object]) -> None:
    """Build what the first event needs while Lambda gets the function ready, which it does with more than the part of a
    core that events get (ADR 74). Elsewhere it is built when it is asked for.

    What can't be built is tried again at the first event, which can say what is wrong.
    """
    if _RUNTIME in os.environ:
        for build in builds:
            with suppress(Exception):
                build()


@once
def aws() -> AwsClients:
    """Return this process's AWS clients."""
    return AwsClients(Session())
