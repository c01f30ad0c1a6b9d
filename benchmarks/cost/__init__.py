"""What one execution costs on AWS: calls and capacity counted at the SDK, durations measured, prices from one table.

- `worker`: runs the real handlers in a process of their own against a deployed local world.
- `meter`, `capacity`: count each request that the SDK sends, and the DynamoDB units that it consumes.
- `prices`, `bill`: list prices, and what the counts come to.
- `deployed`: a deployed world whose functions are counted.
- `calls`, `batches`: the benchmarks.
"""
