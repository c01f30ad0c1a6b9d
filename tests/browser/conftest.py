"""Fixtures of the browser tests: Debian's Chromium under Playwright, a fake API, and one local world."""

import os
import shutil
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console as Terminal

from local.world.down import down
from local.world.progress import Progress
from local.world.up import up
from tests.browser.console import Console
from tests.browser.fake_api import FakeApi, serving
from tests.browser.sample import busy_day
from tests.stack.deployment import Deployment

type Visit = Callable[..., Console]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium; skip without one, or fail if `CI=true`."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    # As root, as in a container, Chromium has no sandbox to start; it sees pages of this repository alone.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def _fake_api() -> Iterator[FakeApi]:
    with serving() as api:
        yield api


@pytest.fixture
def api(_fake_api: FakeApi) -> FakeApi:
    """A fake API after a busy day, with API keys."""
    _fake_api.reset("API_KEY", busy_day(time.time() * 1_000))
    return _fake_api


@pytest.fixture
def visit(browser: Browser, api: FakeApi) -> Iterator[Visit]:
    """Open the console in a new tab. No tab may violate its policy or have an uncaught error."""
    opened: list[Console] = []

    def open_console(
        *, width: int = 1440, scheme: str = "light", zone: str = "UTC", signed_in: bool = True, at: str = "#/"
    ) -> Console:
        console = Console.in_a_tab(browser, api.console, width, scheme, zone)
        opened.append(console)
        console.go(at)
        if signed_in:
            console.sign_in_with_key()
        return console

    yield open_console
    complaints = [complaint for console in opened for complaint in console.complaints()]
    for console in opened:
        console.close()
    assert complaints == []


@pytest.fixture(scope="session")
def deployment(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A local world with the contract in which an outcome can be lost, and without a rate limit."""
    state = tmp_path_factory.mktemp("console")
    stack = up(
        state, genesys_url=None, parameters={"GenesysApi": "integrations"}, progress=Progress(Terminal(quiet=True))
    )
    try:
        with Deployment.of(stack) as deployed:
            deployed.calm_down()
            yield deployed
    finally:
        down(state)
