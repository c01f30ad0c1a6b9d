"""The simulation finds what it is meant to find: without any one rule there is a history that shows it."""

import pytest

from tests.simulation.baton import Crew
from tests.simulation.cases import suspects
from tests.simulation.enumeration import play
from tests.simulation.mutants import MUTANTS, mutate
from tests.simulation.scheduler import BrokenError
from tests.simulation.walk import Walk

SEEDS = 80
"""The seeds after which a mutant counts as unnoticed; every one is found within twenty."""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_removed_rule_is_noticed(mutant: str, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(mutant, monkeypatch)

    with pytest.raises(BrokenError):
        _look(crew)


def _look(crew: Crew) -> None:
    for case in suspects(crew):
        play(case, crew)
    for seed in range(SEEDS):
        Walk(seed, crew).run()


def test_nothing_is_found_with_every_rule_in_place(crew: Crew) -> None:
    for case in suspects(crew):
        play(case, crew)
