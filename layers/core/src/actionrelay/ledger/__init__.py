"""What an execution is: its record, its steps, its history, and where they are stored."""
