"""Block Kit parts shared by all views."""
