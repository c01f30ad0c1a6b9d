"""What happened: trails, days, exports and their verification."""
