"""How the sink answers one name, as a validated model and a position in its list of statuses. Pure."""

from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Status = Annotated[int, Field(ge=200, le=599)]
REDIRECTS = range(300, 400)
REDIRECT = 302


class Behaviour(BaseModel):
    """How a name answers.

    The deliveries take the `statuses` one each, the last one stays. A `redirect_to` answers 302 to that
    address, or the status of the list if that is a redirect. With `hang` no answer comes until the sender
    gives up. Unknown fields are refused.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    statuses: Annotated[tuple[Status, ...], Field(min_length=1)] = (200,)
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    hang: bool = False
    redirect_to: str | None = None
    retry_after: int | str | None = None
    body: str = ""

    @model_validator(mode="after")
    def _redirects_have_an_address(self) -> Self:
        if self.redirect_to is None and any(status in REDIRECTS for status in self.statuses):
            msg = "a 3xx status needs redirectTo"
            raise ValueError(msg)
        return self

    def status(self, earlier: int) -> int:
        """Return the status for a delivery that `earlier` ones came before."""
        listed = self.statuses[min(earlier, len(self.statuses) - 1)]
        return REDIRECT if self.redirect_to is not None and listed not in REDIRECTS else listed

    def headers(self) -> dict[str, str]:
        """Return the headers of the answer."""
        said = {"Location": self.redirect_to, "Retry-After": self.retry_after}
        return {name: str(value) for name, value in said.items() if value is not None}


@dataclass
class Behaviours:
    """The behaviour of every name, and how many deliveries it has answered since it was set."""

    _set: dict[str, Behaviour] = field(default_factory=dict)
    _answered: dict[str, int] = field(default_factory=dict)

    def put(self, name: str, behaviour: Behaviour) -> None:
        """Set how `name` answers from now on, from the start of its list."""
        self._set[name] = behaviour
        self._answered[name] = 0

    def next(self, name: str) -> tuple[Behaviour, int]:
        """Return the behaviour and the status for the current delivery."""
        behaviour = self._set.get(name, Behaviour())
        earlier = self._answered.get(name, 0)
        self._answered[name] = earlier + 1
        return behaviour, behaviour.status(earlier)

    def clear(self) -> None:
        """Make every name answer 200 again."""
        self._set.clear()
        self._answered.clear()
