"""Every example event is used by a test, and no test uses a missing one."""

from collections import Counter

from tests.corpus import CASES, EVENTS


def test_every_event_file_has_its_one_case() -> None:
    files = Counter(EVENTS.rglob("*.*"))

    cases = Counter(case.path for case in CASES)

    assert cases == files, "an event that nothing runs, a case without a file, or two cases for one file"


def test_every_event_belongs_to_a_function() -> None:
    functions = {handler.parent.name for handler in (EVENTS.parent / "functions").glob("*/app.py")}

    assert {case.function for case in CASES} == functions
