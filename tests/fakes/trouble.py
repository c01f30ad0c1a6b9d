"""Failures on demand: every fake asks its ``Trouble`` before and after each operation."""

from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trouble:
    """Errors that are planned for the next calls of an operation.

    ``before`` fails with nothing done; ``after`` fails when the work is done, as if the answer were lost.
    """

    _before: dict[str, deque[BaseException]] = field(default_factory=lambda: defaultdict(deque))
    _after: dict[str, deque[BaseException]] = field(default_factory=lambda: defaultdict(deque))

    def before(self, operation: str, error: BaseException, times: int = 1) -> None:
        """Let the next ``times`` calls fail with nothing done."""
        self._before[operation].extend([error] * times)

    def after(self, operation: str, error: BaseException, times: int = 1) -> None:
        """Let the next ``times`` calls fail after their work is done."""
        self._after[operation].extend([error] * times)

    def strike_before(self, operation: str) -> None:
        """Raise a planned error; a fake calls it before its work."""
        if self._before[operation]:
            raise self._before[operation].popleft()

    def strike_after(self, operation: str) -> None:
        """Raise a planned error; a fake calls it after its work."""
        if self._after[operation]:
            raise self._after[operation].popleft()
