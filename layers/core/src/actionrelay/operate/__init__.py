"""What an operator decides, and what waits."""
