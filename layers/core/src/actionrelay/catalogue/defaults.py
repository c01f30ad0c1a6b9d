"""The defaults that follow from an action's definition. Pure.

GET is safe (RFC 9110, section 9.2.1): running it twice does no harm, and its result may be shared. No other method is:
two equal "create a callback" within five minutes are two callbacks.
"""

from dataclasses import dataclass

from actionrelay.catalogue.action import LONGEST_TIMEOUT_S, Entry
from actionrelay.ledger.document import defaults_document
from actionrelay.ledger.execution import LearnedDefault

_SAFE = "GET"


@dataclass(frozen=True, slots=True)
class Learned:
    """The defaults of one action."""

    idempotent: LearnedDefault
    cache_results: LearnedDefault
    timeout: LearnedDefault | None
    """In ms; None if the action names none."""
    never_cached: bool
    """Even if a caller asks for it."""

    def document(self) -> dict[str, str]:
        """Return each as ``value: reason``, by the name of its field."""
        known = (self.idempotent, self.cache_results, self.timeout)
        return defaults_document(each for each in known if each is not None)


def learn(entry: Entry | None) -> Learned:
    """Return the defaults of an action; None for one that is not in the catalogue."""
    method = entry.request_type if entry else None
    safe = method == _SAFE
    if entry is None:
        reason = "the action is not in the catalogue"
    elif method is None:
        reason = "the catalogue does not say the action's request type"
    else:
        reason = f"the action is a {method}"
    secure = entry is not None and entry.secure
    cached = "the action is secure, so its results are never cached" if secure else reason
    seconds = entry.timeout_seconds if entry else None
    return Learned(
        LearnedDefault("idempotent", safe, reason),
        LearnedDefault("cacheResults", safe and not secure, cached),
        None
        if seconds is None
        else LearnedDefault("timeout", min(max(seconds, 1), LONGEST_TIMEOUT_S) * 1_000, "the action's own"),
        never_cached=secure,
    )
