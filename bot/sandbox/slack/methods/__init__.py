"""The Web API's methods, one function each: arguments in, answer out, SlackError for every refusal."""

from collections.abc import Mapping

from bot.sandbox.slack.methods import chat, conversations, views
from bot.sandbox.slack.methods.arguments import Args, Method, Token
from bot.sandbox.slack.model import Json
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_ID, BOT_USER_ID, HOME_TEAM, TEAM_DOMAIN

__all__ = ["METHODS", "Args", "Method", "Token"]


def _auth_test(site: Site, _args: Args) -> Json:
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": "Sandbox",
        "user": site.workspace.user(BOT_USER_ID).name,
        "team_id": HOME_TEAM,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _connections_open(site: Site, _args: Args) -> Json:
    return {"url": site.socket_url()}


METHODS: Mapping[str, Method] = {
    "auth.test": Method(run=_auth_test),
    "apps.connections.open": Method(run=_connections_open, token=Token.APP),
    **chat.METHODS,
    **conversations.METHODS,
    **views.METHODS,
}
