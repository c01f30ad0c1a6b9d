"""The command `actionrelay`: the client for people and scripts. It comes with the extra `cli`."""
