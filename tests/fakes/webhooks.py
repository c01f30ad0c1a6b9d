"""Name resolution and receivers for webhooks."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actionrelay.webhooks.targets import DeliveryAnswer
from tests.fakes.trouble import Trouble

PUBLIC_ADDRESS = "93.184.216.34"


@dataclass(slots=True)
class FixedResolver:
    """A ``Resolver`` with a table; any other name resolves to a public address."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        return self.addresses.get(host, (PUBLIC_ADDRESS,))


@dataclass(slots=True)
class ScriptedSender:
    """A ``WebhookSender`` that returns its answers in order, then 200, and keeps what was sent."""

    answers: deque[DeliveryAnswer | Exception] = field(default_factory=deque)
    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    """What happens in the world while a receiver answers."""
    trouble: Trouble = field(default_factory=Trouble)

    def answer(self, *answers: DeliveryAnswer | Exception) -> None:
        self.answers.extend(answers)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> DeliveryAnswer:
        self.sent.append((url, headers, body))
        if self.meanwhile is not None:
            self.meanwhile()
        answer = self.answers.popleft() if self.answers else DeliveryAnswer(200, None, 7.0)
        if isinstance(answer, Exception):
            raise answer
        return answer
