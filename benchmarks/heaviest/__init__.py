"""The heaviest event of each function that its rules allow, and the world that it meets there.

`events` has an event for each function and puts on record what it needs, by the adapters of the package; `services` is
AWS, Genesys Cloud and a receiver of webhooks on loopback, in the benchmark's own process; `table` is DynamoDB as far as
the adapters ask it; `handled` is the program of the process that is measured.
"""
