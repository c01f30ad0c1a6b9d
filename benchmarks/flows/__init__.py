"""Workflows: how soon a step follows what it depends on, and what a step costs beside a plain execution.

- `services`: the table and the queue of workflows, each call taking its time (the others are the gate's).
- `course`: a workflow through the real use cases, in virtual time.
- `worker`: runs the handlers of workflows, for the meter of `calls`.
- `report`: the benchmark.
"""
