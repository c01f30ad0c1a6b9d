"""What actionrelay costs, in time and in money, against a peer or a floor in the same run.

- `results`, `sampling`: what a benchmark returns, and how samples are taken so that a noisy machine harms both sides.
- `imports`, `client`, `validation`: the package alone, with a server of its own where it needs one (`loopback`).
- `cost`, `pipeline`: the deployed local world.
- `table`, `readme`, `machine`: how results are shown and kept.
"""
