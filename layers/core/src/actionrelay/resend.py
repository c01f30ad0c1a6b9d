"""Replaces a message by a new one, with a delay, when a service fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actionrelay.errors import DependencyError, QueueUnavailableError, StaleWriteError
from actionrelay.ports import Randomness, Telemetry
from actionrelay.signals import Count

RESEND_MS = 30_000
"""The delay of a message after a failure of an AWS service, before jitter."""


@contextmanager
def resend_on_failure(
    send: Callable[[int], None], telemetry: Telemetry, randomness: Randomness, *, stale_ms: int = RESEND_MS
) -> Iterator[None]:
    """Process a message; if a service fails, or others keep writing, ``send`` it again with a delay (ms).

    The old message is then finished, so that the queue's receive count counts only workers that died. ``stale_ms`` is
    the delay, before jitter, after a ``StaleWriteError``.

    Raises:
        QueueUnavailableError: the work or the new message could not be queued, so this message must be received again.
    """
    try:
        yield
    except QueueUnavailableError:
        raise
    except (DependencyError, StaleWriteError) as error:
        telemetry.count(Count.MESSAGES_POSTPONED, error.code)
        send(resend_delay_ms(randomness, stale_ms if isinstance(error, StaleWriteError) else RESEND_MS))


def resend_delay_ms(randomness: Randomness, rest_ms: int = RESEND_MS) -> int:
    """Return a delay with jitter, of 0.5 to 1.5 times ``rest_ms``, so that failed messages do not return together."""
    return int(rest_ms * (0.5 + randomness.uniform()))
