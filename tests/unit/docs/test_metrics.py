"""The table of metrics is the code's."""

import pytest

from actionrelay.signals import Count, Duration
from tests.unit.docs.documents import ARCHITECTURE
from tools.generated_part import markers, replaced
from tools.metrics import PACKAGE, PAGE, coded_names, table

BEGIN, END = markers("metrics")
SIGNALS = (PACKAGE / "signals.py").read_text(encoding="utf-8")


def test_the_page_has_the_metrics_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == replaced(page, "metrics", table(SIGNALS, coded_names())), "run `python -m tools.metrics`"


def test_every_metric_has_a_row_of_its_own() -> None:
    rows = {name.strip("`"): (unit, code) for name, unit, code, _ in ARCHITECTURE.section("Metrics").rows()}
    coded = coded_names()
    assert rows == {
        **{str(name): ("count", "by code" if name in coded else "") for name in Count},
        **{str(name): ("ms", "") for name in Duration},
    }


def test_no_two_metrics_say_the_same() -> None:
    said = [row[3] for row in ARCHITECTURE.section("Metrics").rows()]
    assert len(set(said)) == len(said)


def test_a_metric_without_words_is_refused() -> None:
    unsaid = 'class Count:\n    FIRST = "First"\n    SECOND = "Second"\n    """It has some."""\n'
    with pytest.raises(ValueError, match="First"):
        table(unsaid, frozenset())
    with pytest.raises(ValueError, match="Last"):
        table('class Duration:\n    LAST = "Last"\n', frozenset())


@pytest.mark.parametrize("page", ["", BEGIN, END, END + BEGIN])
def test_a_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        replaced(page, "metrics", "")
