"""Workflows: no single fault and no random walk breaks a promise, and each removed rule is noticed."""

import os

import pytest

from tests.simulation.baton import Crew
from tests.simulation.flow_cases import CASES, histories, play
from tests.simulation.flow_mutants import FLOW_MUTANTS, mutate
from tests.simulation.flow_walk import FlowWalk
from tests.simulation.scheduler import BrokenError

STEPS = 30_000
FIRST_SEED = int(os.environ.get("SIMULATION_FIRST_SEED", "0"))
SEEDS = int(os.environ.get("SIMULATION_SEEDS", "0"))
"""The number of seeds; 0 for as many as ``STEPS`` takes."""
MUTANT_SEEDS = 60


@pytest.mark.parametrize("name", CASES)
def test_no_single_fault_breaks_a_workflow(name: str, crew: Crew) -> None:
    broken: dict[str, str] = {}
    for case in histories(name, crew):
        try:
            play(case, crew)
        except BrokenError as found:
            rule, report = str(found).split("\n", 1)[0], f"{case}\n{found}"
            if len(report) < len(broken.get(rule, report + "+")):
                broken[rule] = report
    assert not broken, "\n\n".join(broken.values())


def test_no_random_walk_breaks_a_workflow(crew: Crew) -> None:
    steps, seed = 0, FIRST_SEED

    while seed < FIRST_SEED + SEEDS or (not SEEDS and steps < STEPS):
        try:
            steps += FlowWalk(seed, crew).run()
        except BrokenError as broken:
            again = f"SIMULATION_FIRST_SEED={seed} SIMULATION_SEEDS=1 .venv/bin/python -m pytest {__file__}"
            raise AssertionError(f"{broken}\n\nagain: {again}") from None
        seed += 1


@pytest.mark.parametrize("mutant", FLOW_MUTANTS)
def test_each_removed_rule_of_workflows_is_noticed(mutant: str, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(mutant, monkeypatch)

    with pytest.raises(BrokenError):
        _look(crew)


def _look(crew: Crew) -> None:
    for case in CASES.values():
        play(case, crew)
    for name in ("two leaves", "a diamond"):
        for case in histories(name, crew):
            play(case, crew)
    for seed in range(MUTANT_SEEDS):
        FlowWalk(seed, crew).run()
