"""A workflow's definition: its steps, their dependencies, and the options of the whole. Frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from actionrelay.strict_json import Json
from actionrelay.workflows.references import ITS_OWN, is_literal, is_reference, names_in

MAX_STEPS = 100
MAX_ITEMS = 100
"""In one ``forEach``."""
MAX_EXECUTIONS = 1_000
"""Of one run of a workflow; a ``forEach`` over a result counts as ``MAX_ITEMS``."""
MAX_CONCURRENCY = 50
"""Items of one ``forEach`` that run at once; also the default."""
MAX_DEADLINE_SECONDS = 86_400
STEP_NAME_FORM = r"[A-Za-z0-9_-]{1,64}"


class OnFailure(StrEnum):
    """What a failed step means for steps that do not depend on it."""

    CONTINUE = "continue"
    """They run."""
    STOP = "stop"
    """Nothing new starts."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as defined: its request, its condition and its items."""

    name: str
    request: Mapping[str, Json] = field(repr=False)
    """In the form of a submission, with references in its inputs."""
    depends_on: tuple[str, ...] = ()
    """Every step that it names or refers to, in the order of the definition."""
    when: Json = field(default=None, repr=False)
    """A template; None means that it always runs."""
    for_each: Json = field(default=None, repr=False)
    """A template of a list; None means that it runs once."""
    max_concurrency: int = MAX_CONCURRENCY

    @property
    def is_for_each(self) -> bool:
        """Whether it runs once for each item."""
        return self.for_each is not None

    @property
    def executions(self) -> int:
        """The most executions that it can have."""
        if not self.is_for_each:
            return 1
        known = known_items(self.for_each)
        return MAX_ITEMS if known is None else len(known)


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow as submitted; it is frozen with the run."""

    steps: Mapping[str, Step]
    document: Mapping[str, Json] = field(repr=False)
    """In the form of a submission, with every default filled in."""
    on_failure: OnFailure = OnFailure.CONTINUE
    deadline_ms: int = MAX_DEADLINE_SECONDS * 1_000

    @property
    def graph(self) -> Mapping[str, tuple[str, ...]]:
        """The dependencies of each step."""
        return {name: step.depends_on for name, step in self.steps.items()}


def known_items(for_each: Json) -> list[Json] | None:
    """Return the items that the definition lists; None if they come from a result."""
    items = for_each["$literal"] if is_literal(for_each) and isinstance(for_each, dict) else for_each
    return items if isinstance(items, list) else None


def read_definition(document: Mapping[str, Json]) -> Definition:
    """Read a document that has passed the rules, from them or from the store."""
    steps: Any = document["steps"]
    order = {name: place for place, name in enumerate(steps)}
    return Definition(
        {name: _step(name, step, order) for name, step in steps.items()},
        document,
        OnFailure(str(document["onFailure"])),
        int(str(document["deadlineSeconds"])) * 1_000,
    )


_OF_REQUEST = ("actionId", "inputs", "timeout", "cacheResults", "idempotent")


def _step(name: str, document: Mapping[str, Any], order: Mapping[str, int]) -> Step:
    return Step(
        name,
        {field: document[field] for field in _OF_REQUEST if field in document},
        dependencies(document, order),
        document.get("when"),
        document.get("forEach"),
        document.get("maxConcurrency", MAX_CONCURRENCY),
    )


def dependencies(document: Mapping[str, Any], order: Mapping[str, int]) -> tuple[str, ...]:
    """Return the steps that a step depends on, without unknown names, in the order of the definition (``order``)."""
    named = {str(name): None for name in document.get("dependsOn") or ()}
    for template in (document.get("inputs"), document.get("when"), document.get("forEach")):
        named |= dict(names_in(template))
    return tuple(sorted((name for name in named if name in order and name not in ITS_OWN), key=order.__getitem__))


def may_be_list(for_each: Json) -> bool:
    """Whether a template can yield a list."""
    return is_reference(for_each) or known_items(for_each) is not None
