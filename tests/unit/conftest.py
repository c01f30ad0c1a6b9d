import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

from actionrelay.wiring import telemetry as observability
from tests.fakes.deployment import ENVIRONMENT
from tests.fakes.marks import Captured
from tests.fakes.relay import Relay

settings.register_profile("unit", max_examples=25, deadline=None)
settings.load_profile("unit")


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def powertools(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Reset logger and metrics to those of a new process of ``validate``."""
    made = (observability.logger, observability.metrics, observability.telemetry)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for one in made:
        one.cache_clear()
    # The library sets up one logger per service and process, bound to the output of the first test.
    logging.Logger.manager.loggerDict.pop(ENVIRONMENT["POWERTOOLS_SERVICE_NAME"], None)
    yield
    observability.metrics().clear_metrics()
    for one in made:
        one.cache_clear()


@pytest.fixture
def captured(
    powertools: None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Captured]:
    """Collect what a test emits, logs and metrics included, and search it for marks at the end."""
    seen = Captured()
    caplog.set_level("DEBUG", logger="actionrelay")
    yield seen
    if observability.metrics().metric_set:
        observability.metrics().flush_metrics()
    printed = capsys.readouterr()
    seen.text("standard output", printed.out)
    seen.text("standard error", printed.err)
    seen.text("log records", "\n".join(repr(vars(record)) for record in caplog.records))
    assert seen.leaks() == []
