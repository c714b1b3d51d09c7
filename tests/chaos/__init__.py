"""Kills the real bot again and again, and asks the simulated Slack what people were told."""
