"""Simulates Quick BI and Slack on loopback. Talks to the bot only over HTTP and WebSocket."""
