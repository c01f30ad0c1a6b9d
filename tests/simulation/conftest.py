"""How the simulation works.

The package's use cases run unchanged, with ports in memory (``memory``). ``world`` adds a clock that only the scheduler
moves, queues that behave like SQS (``queues``: at least once, in any order, with delays, visibility, receive counts and
a DLQ), and Genesys Cloud with both contracts (``platform``), which counts every run.

Each worker is a greenlet, and one runs at a time (``baton``). Every port call goes through ``World._cross``, where a
plan decides its fate (``faults``): it succeeds, the worker dies before or after it, the service fails, its answer is
lost, the SDK repeats it, or the worker sleeps and returns as a zombie. ``scheduler`` plays Lambda, the event source
mappings, callers and operators: it decides which worker has the baton. Everything else is deterministic, so a case or a
seed is reproducible to the last step.

``promises`` watches. At every write: the step is one of the state machine, versions go up by one, only the holder of a
lease decides. At every request: its claim is on record, nothing runs twice without permission, no more attempts than
allowed, no request is sent while a 429 pauses all workers. At rest, with faults off and the DLQs redriven: everything
that was answered with 2xx has ended with its true outcome, its audit chain is whole, and its webhook is delivered or
given up.

Workflows run in the same world, with ``flow_ports``. ``flow_promises`` derives the expected outcome from a definition
and from what its executions did. ``flow_cases``, ``flow_walk`` and ``flow_mutants`` correspond to the modules below.

``enumeration`` and ``cases`` play one execution with every fault at every port call; ``walk`` plays random histories of
several executions from a seed. ``mutants`` removes the rules of the package one at a time: the simulation must notice
each. More seeds: ``SIMULATION_SEEDS=5000 SIMULATION_FIRST_SEED=1000 .venv/bin/python -m pytest tests/simulation``.
"""

import pytest

from tests.simulation.baton import Crew


@pytest.fixture(scope="module")
def crew() -> Crew:
    """One crew for all histories of a module."""
    return Crew()
