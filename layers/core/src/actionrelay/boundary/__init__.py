"""Where Lambda's events become calls of use cases, and their errors become answers: one map for each kind of event."""
