"""The Web API's methods, one function each: arguments in, answer out, SlackError for every refusal."""

from collections.abc import Mapping

from bot.sandbox.slack.methods import app, chat, conversations, users, views
from bot.sandbox.slack.methods.arguments import Args, Method

METHODS: Mapping[str, Method] = {
    **app.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **users.METHODS,
    **views.METHODS,
}

__all__ = ["METHODS", "Args", "Method"]
