"""Sends notices to Slack: the queue, retries and rate limits."""
