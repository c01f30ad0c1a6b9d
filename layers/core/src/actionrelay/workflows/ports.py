"""What workflows need from the world. Each call may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from actionrelay.errors import Fault
from actionrelay.faults import Faults
from actionrelay.strict_json import Json


class SubmissionRules(Protocol):
    """The rules by which this deployment takes executions: they hold for each step's request as well."""

    def body(self, raw: bytes) -> Json:
        """Read a body as sent.

        Raises:
            PayloadTooLargeError: more bytes than allowed; nothing was parsed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: nested too deep.
        """
        ...

    def judge(self, request: Mapping[str, Json]) -> dict[str, Json] | Faults:
        """Return the members of a step's request with every default filled in, or all that is wrong with them."""
        ...

    def webhook_faults(self, url: str) -> Sequence[Fault]:
        """Say what is wrong with a webhook's URL; it is asked whether its name leads to a forbidden address."""
        ...
