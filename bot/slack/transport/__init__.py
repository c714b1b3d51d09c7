"""Between Bolt and the handlers: dispatch, access, replies, Slack's Web API."""
