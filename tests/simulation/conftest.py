"""How the simulation works.

The use cases of the package run as they are, over ports in memory (``memory``). Around them ``world`` puts a clock
that only the scheduler moves, queues that behave like SQS (``queues``: at least once, in any order, delays,
visibility, receive counts, a DLQ), and Genesys Cloud by both contracts (``platform``), which counts every run.

Each worker is a thread, and one runs at a time (``baton``). Every port call crosses ``World._cross``, where a plan
says what becomes of it (``faults``): it goes through, the worker dies before it or after it, the service fails, its
answer gets lost, the SDK repeats it, or the worker sleeps and returns as a zombie. ``scheduler`` is Lambda, the
event source mappings, callers and operators: it decides which one has the baton. Nothing else is left to chance, so a
case or a seed repeats itself to the last step.

``rules`` watches. At every write: the step is one of the state machine, versions go up by one, only the holder of a
lease decides. At every request: its claim is on record, nothing runs twice without permission, no more attempts than
allowed, nothing goes out while a 429 pauses everybody. At rest, with faults off and the DLQs redriven: whatever was
answered with 2xx has ended, in the outcome that is true, its audit chain is whole, its webhook delivered or given up.

Workflows run over the same world, by ``flow_ports``. ``flow_promises`` works out from a definition, and from what
executions did, what must have come of it; ``flow_cases``, ``flow_walk`` and ``flow_mutants`` are to workflows what the
modules below are to executions.

``enumeration`` and ``cases`` go through every port call of one execution with every fault; ``walk`` lets a seed do
what it likes with several executions. ``mutants`` takes the rules of the package away, one at a time: each has to be
missed. More seeds: ``SIMULATION_SEEDS=5000 SIMULATION_FIRST_SEED=1000 .venv/bin/python -m pytest tests/simulation``.
"""

import pytest

from tests.simulation.baton import Crew


@pytest.fixture(scope="module")
def crew() -> Crew:
    """One crew for all histories of a module."""
    return Crew()
