"""Reads the audit trail: of an execution, of a day, as exported files; and verifies it."""
