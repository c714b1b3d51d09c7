"""Tells people in Slack how Quick BI's report mails are doing."""
