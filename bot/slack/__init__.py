"""Speaks Slack: what people do there, and what they see. Never decides what is news."""
