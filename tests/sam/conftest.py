"""Fixtures of the sam tests: a container engine, a local world, and the built project."""

import os
from collections.abc import Iterator

import pytest
from rich.console import Console

from local.world.down import down
from local.world.progress import Progress
from local.world.state import Stack
from local.world.up import up
from tests.sam.engine import reachable, why_not
from tests.sam.project import Project


@pytest.fixture(scope="session")
def _engine() -> None:
    """Skip without a container engine, or fail if `CI=true`."""
    reason = why_not()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def world(_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A world with the outbound rules of a deployment in AWS, as the corpus expects."""
    state = tmp_path_factory.mktemp("world")
    parameters = {"AllowPrivateWebhooks": "false"}
    try:
        yield up(state, genesys_url=None, parameters=parameters, progress=Progress(Console(quiet=True)))
    finally:
        down(state)


@pytest.fixture(scope="session")
def project(world: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The built project, with the addresses of that world."""
    with reachable([world.endpoint_url, world.genesys_url, world.sink_url]) as addresses:
        yield Project.prepare(tmp_path_factory.mktemp("project") / "copy", world, addresses)
