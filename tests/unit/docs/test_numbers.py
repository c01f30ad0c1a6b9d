"""The times and numbers of tries in the documents are the code's."""

from pathlib import Path

import pytest

from actionrelay.deliver.posting import NOT_HERE_TRIES, SCHEDULE_MS, STRANGERS_TRIES
from actionrelay.deliver.receivers import REMEMBERED_MS
from actionrelay.execute.worker import LONGEST_TURN_MS, RECORDING_MARGIN_MS
from actionrelay.genesys.verdict import GIVE_UP_AFTER_MS
from actionrelay.timestamps import DAY_MS

ROOT = Path(__file__).parents[3]
HALF_HOUR_MS = 1_800_000
STRANGERS_HOURS = f"{sum(SCHEDULE_MS[: STRANGERS_TRIES - 1]) // HALF_HOUR_MS / 2} hours"


def test_the_periods_have_the_names_that_documents_give_them() -> None:
    assert (GIVE_UP_AFTER_MS, LONGEST_TURN_MS) == (DAY_MS, 7 * DAY_MS), "a day, a week"
    assert sum(SCHEDULE_MS) // DAY_MS == 3, "about three days"
    assert sum(SCHEDULE_MS[: NOT_HERE_TRIES - 1]) // 60_000 == 35, "half an hour"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("README.md", f"stops waiting for Genesys Cloud {RECORDING_MARGIN_MS // 1_000} s before the function's end"),
        ("README.md", f"or for {STRANGERS_HOURS} if the receiver has accepted no webhook"),
        ("README.md", f"in the last {REMEMBERED_MS // DAY_MS} days; 410 stops at once, 404 and 405 after half an hour"),
        ("README.md", "given up after a day, and after a week if it only waits for its turn"),
        ("docs/api.md", f"{STRANGERS_HOURS} after the first"),
        ("docs/runbook.md", f"six in {STRANGERS_HOURS} where the receiver had taken none"),
        ("docs/runbook.md", "what only waited for its turn, after a week"),
        ("docs/security.md", "What only waits for its turn has `expired` after a week"),
    ],
)
def test_documents_have_the_periods_of_the_code(document: str, says: str) -> None:
    assert says in " ".join((ROOT / document).read_text(encoding="utf-8").split())
