"""`auth.test`, `apps.connections.open`."""

from collections.abc import Mapping

from bot.sandbox.slack.methods.arguments import Args, Method, Token
from bot.sandbox.slack.model import Json
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_ID, BOT_USER_ID, HOME_TEAM, TEAM_DOMAIN


def auth_test(site: Site, _args: Args) -> Json:
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": "Sandbox",
        "user": site.workspace.user(BOT_USER_ID).name,
        "team_id": HOME_TEAM,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(site: Site, _args: Args) -> Json:
    return {"url": site.socket_url()}


METHODS: Mapping[str, Method] = {
    "auth.test": Method(run=auth_test),
    "apps.connections.open": Method(run=connections_open, token=Token.APP),
}
