"""No single fault, at any port call, breaks a promise."""

import pytest

from tests.simulation.baton import Crew
from tests.simulation.cases import groups
from tests.simulation.enumeration import play
from tests.simulation.scheduler import BrokenError

GROUPS = groups()


@pytest.mark.parametrize("group", GROUPS)
def test_no_single_fault_breaks_a_promise(group: str, crew: Crew) -> None:
    broken: dict[str, str] = {}
    for case in GROUPS[group](crew):
        try:
            play(case, crew)
        except BrokenError as found:
            rule, report = str(found).split("\n", 1)[0], f"{case}\n{found}"
            if len(report) < len(broken.get(rule, report + "+")):
                broken[rule] = report
    assert not broken, "\n\n".join(broken.values())
