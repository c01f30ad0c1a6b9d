"""The deployment: counts, actions, health, queues."""

from collections.abc import Iterator, Mapping
from typing import Any

from actionrelay_client.calls import Calls, Moment, moment_text, object_of
from actionrelay_client.documents import Action, Health, Metrics
from actionrelay_client.signing import path_of


class Deployment(Calls):
    """Calls that concern the deployment as a whole."""

    def metrics(
        self, *, from_: Moment | None = None, to: Moment | None = None, action_id: str | None = None
    ) -> Metrics:
        """Return the deployment's counts: since it was deployed, of these days, or of one action."""
        return Metrics.of(
            self.read("/metrics", {"from": moment_text(from_), "to": moment_text(to), "actionId": action_id}).document
        )

    def actions(self, *, name: str | None = None, category: str | None = None) -> Iterator[Action]:
        """Return the organisation's data actions.

        Raises:
            NotServedError: the deployment has no catalogue.
        """
        return self.pages("/actions", {"name": name, "category": category}, "actions", Action)

    def action(self, action_id: str) -> Action:
        """Return one data action with its contract.

        Raises:
            NotFoundError: the catalogue has none with this id.
            NotServedError: the deployment has no catalogue.
        """
        return Action.of(self.read(path_of("actions", action_id)).document)

    def health(self, *, deep: bool | None = None) -> Health:
        """Return whether the API answers; with ``deep`` whether actions can be executed.

        Raises:
            UnavailableError: with ``deep``, something is missing without which no action runs; ``problem`` has
                the ``checks``.
        """
        return Health.of(self.read("/health", {"deep": deep}).document)

    def queues(self) -> Mapping[str, Any]:
        """Return what waits in the queues, and what holds it up."""
        return object_of(self.read("/queues"))

    def attention(self) -> Mapping[str, Any]:
        """Return what needs a person: unknown outcomes, given-up webhooks, the failures of a day.

        Raises:
            NotServedError: the deployment is older than this route.
        """
        return object_of(self.read("/attention"))
