"""Takes an execution in: its request, its rules, its record."""
