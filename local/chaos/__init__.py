"""Chaos: the deployed pipeline under faults and kills, and a checker that joins what every witness saw.

Everything goes through the HTTP API of a local world of its own, with real processes and real kills:

- `faults`, `plan`: which execution meets what, from one seed.
- `callers`: several callers at once, who send again what got no good answer, and log every answer.
- `killer`: SIGKILL for workers of all functions.
- `flow_plan`, `flow_callers`: the same for workflows, which one operator has run again where they fail as planned.
- `campaign`: the above on one world (`worlds`), then `settling` until everything accepted has ended.
- `runs`: several campaigns at once, each on a world of its own.
- `witnesses`, `tables`: collect the `history`: callers' log, simulator's records, audit table, final states.
- `checker` over `cases`, with the rules in `outcomes`, `repeats`, `trails`, `answers`: pure; every broken
  promise is a `Violation`. An execution of a workflow is a case like any other, with the inputs and the result that
  `flow_reference` works out from the definition; `flows` has the rules about the workflow as a whole.
- `report`, `timeline`: the table, the offenders' timelines, and the same as JSON.

The plan of faults and kills repeats with the seed; when exactly a kill lands does not.
"""
