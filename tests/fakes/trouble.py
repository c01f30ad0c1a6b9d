"""Failures on demand: every fake asks its ``Trouble`` before and after it does its part."""

from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trouble:
    """Errors that wait for the next calls of an operation.

    ``before`` strikes with nothing done; ``after`` strikes when the work is done and the answer gets lost.
    """

    _before: dict[str, deque[BaseException]] = field(default_factory=lambda: defaultdict(deque))
    _after: dict[str, deque[BaseException]] = field(default_factory=lambda: defaultdict(deque))

    def before(self, operation: str, error: BaseException, times: int = 1) -> None:
        """Let the next ``times`` calls fail with nothing done."""
        self._before[operation].extend([error] * times)

    def after(self, operation: str, error: BaseException, times: int = 1) -> None:
        """Let the next ``times`` calls do their work and fail all the same."""
        self._after[operation].extend([error] * times)

    def strike_before(self, operation: str) -> None:
        """Raise what is planned; called by a fake before it does anything."""
        if self._before[operation]:
            raise self._before[operation].popleft()

    def strike_after(self, operation: str) -> None:
        """Raise what is planned; called by a fake once its work is done."""
        if self._after[operation]:
            raise self._after[operation].popleft()
