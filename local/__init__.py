"""The machine-local world: everything actionrelay needs around it, as real processes on this machine."""
