"""No random history breaks a promise: at least 100,000 steps each time, more on request."""

import os

from tests.simulation.baton import Crew
from tests.simulation.scheduler import BrokenError
from tests.simulation.walk import Walk

STEPS = 100_000
FIRST_SEED = int(os.environ.get("SIMULATION_FIRST_SEED", "0"))
SEEDS = int(os.environ.get("SIMULATION_SEEDS", "0"))
"""The number of seeds; 0 for as many as ``STEPS`` takes."""


def test_no_random_walk_breaks_a_promise(crew: Crew) -> None:
    steps, seed = 0, FIRST_SEED

    while seed < FIRST_SEED + SEEDS or (not SEEDS and steps < STEPS):
        try:
            steps += Walk(seed, crew).run()
        except BrokenError as broken:
            again = f"SIMULATION_FIRST_SEED={seed} SIMULATION_SEEDS=1 .venv/bin/python -m pytest {__file__}"
            raise AssertionError(f"{broken}\n\nagain: {again}") from None
        seed += 1

    print(f"{steps} steps of {seed - FIRST_SEED} seeds")  # noqa: T201 - shown with -rP


def test_a_seed_is_reproducible(crew: Crew) -> None:
    first, second = Walk(7, crew), Walk(7, crew)

    first.run()
    second.run()

    assert first.world.history == second.world.history
