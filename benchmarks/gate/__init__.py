"""The rate gate under a backlog: how much of the allowed rate it uses, and how often Genesys Cloud says 429.

- `virtual`: time that passes by itself, and processes that live in it, one at a time.
- `services`: SQS, DynamoDB and Genesys Cloud as far as the gate sees them, each call taking its time.
- `backlog`: a thousand executions through the real use case, over those services.
- `deployed`: the same through the deployed local world.
- `report`: the benchmark.
"""
