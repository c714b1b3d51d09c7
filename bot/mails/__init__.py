"""Finds the mail that a person means, looks it up, and runs it by hand."""
