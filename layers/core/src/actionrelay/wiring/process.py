"""What a process has once: its clients. And what it takes from the machine: the time and chance."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from functools import cache, wraps
from typing import override

from boto3.session import Session

from actionrelay.aws.clients import AwsClients
from actionrelay.ports import Clock, Randomness


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
    turn = threading.Lock()
    built = cache(build)

    @wraps(build)
    def remembered() -> Wired:
        with turn:
            return built()

    remembered.cache_clear = built.cache_clear  # type: ignore[attr-defined]  # tests start from nothing
    return remembered


@once
def aws() -> AwsClients:
    """Return this process's AWS clients."""
    return AwsClients(Session())
