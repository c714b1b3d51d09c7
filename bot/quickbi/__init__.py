"""Asks Quick BI: signs, sends, deciphers. Knows nothing of Slack."""
