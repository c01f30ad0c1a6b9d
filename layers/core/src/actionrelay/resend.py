"""What becomes of a message when a service fails: a new one, with a delay, takes its place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actionrelay.errors import DependencyError, QueueUnavailableError, StaleWriteError
from actionrelay.ports import Randomness, Telemetry
from actionrelay.signals import Count

RESEND_MS = 30_000
"""How long a message rests, with jitter, when an AWS service failed."""


@contextmanager
def resend_on_failure(
    send: Callable[[int], None], telemetry: Telemetry, randomness: Randomness, *, stale_ms: int = RESEND_MS
) -> Iterator[None]:
    """Work on a message; when a service fails, or others keep writing, ``send`` it again with a delay (ms).

    The message is then done with, and the queue's receive count stays for workers that died. ``stale_ms`` is the
    rest, before jitter, after a ``StaleWriteError``.

    Raises:
        QueueUnavailableError: the work or the new message could not be queued, so this message must be seen again.
    """
    try:
        yield
    except QueueUnavailableError:
        raise
    except (DependencyError, StaleWriteError) as error:
        telemetry.count(Count.MESSAGES_POSTPONED, error.code)
        send(resend_delay_ms(randomness, stale_ms if isinstance(error, StaleWriteError) else RESEND_MS))


def resend_delay_ms(randomness: Randomness, rest_ms: int = RESEND_MS) -> int:
    """Return half of a rest to one and a half times it: messages that failed together do not return together."""
    return int(rest_ms * (0.5 + randomness.uniform()))
