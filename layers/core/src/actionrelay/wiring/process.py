"""What a process has once: its AWS clients; and the machine's clock and randomness."""

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
"""The address of Lambda's runtime API; only Lambda sets it."""


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
    """Build at the first call and keep the result; concurrent threads wait for the one that builds."""
    lock = threading.Lock()
    built = cache(build)

    @wraps(build)
    def remembered() -> Wired:
        with lock:
            return built()

    remembered.cache_clear = built.cache_clear  # type: ignore[attr-defined]  # tests start from nothing
    return remembered


def prepare(*builds: Callable[[], object]) -> None:
    """In Lambda, build what the first event needs during init, which has more CPU than an event gets (ADR 74).

    What can't be built is tried again at the first event, whose response can report the fault. Elsewhere everything is
    built when it is needed.
    """
    if _RUNTIME in os.environ:
        for build in builds:
            with suppress(Exception):
                build()


@once
def aws() -> AwsClients:
    """Return this process's AWS clients."""
    return AwsClients(Session())
