"""Worlds for the stack tests: the real template, built and deployed, used only through its HTTP API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from local.world.down import down
from local.world.progress import Progress
from local.world.up import up
from tests.stack.deployment import Deployment

LONGEST = ("test_upgrade.py", "test_made_again.py", "test_least_privilege.py", "test_token_single_flight.py")
"""Long tests that start first: at the end, one of them would keep a single process busy for minutes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def _deployed(state: Path, parameters: dict[str, str]) -> Iterator[Deployment]:
    stack = up(state, genesys_url=None, parameters=parameters, progress=Progress(Console(quiet=True)))
    try:
        with Deployment.of(stack) as deployment:
            yield deployment
    finally:
        down(state)


@pytest.fixture(scope="session")
def data_actions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with default parameters, except that ambiguous attempts become unknown within seconds."""
    yield from _deployed(tmp_path_factory.mktemp("data-actions"), {"MaxAttempts": "4", "WebhookGraceSeconds": "5"})


@pytest.fixture(scope="session")
def integrations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with every choice of the parameters different from the default."""
    parameters = {"GenesysApi": "integrations", "ApiAuth": "API_KEY", "WebhookScheme": "x-hub-signature-256"}
    yield from _deployed(tmp_path_factory.mktemp("integrations"), parameters)


@pytest.fixture(autouse=True)
def _calm(request: pytest.FixtureRequest) -> None:
    """Start each test with a well-behaved simulator and receiver."""
    for name in ("data_actions", "integrations"):
        if name in request.fixturenames:
            request.getfixturevalue(name).calm_down()
