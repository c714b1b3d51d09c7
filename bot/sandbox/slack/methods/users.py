"""`users.*`."""

from collections.abc import Mapping

from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.json_shapes import user_json
from bot.sandbox.slack.methods.access import is_member
from bot.sandbox.slack.methods.arguments import Args, Method
from bot.sandbox.slack.methods.conversations import channels_page
from bot.sandbox.slack.model import Json
from bot.sandbox.slack.site import Site


def info(site: Site, args: Args) -> Json:
    known = {user.id: user for user in site.workspace.users()}
    if (user := known.get(args.required("user"))) is None:
        raise SlackError("user_not_found")
    return {"user": user_json(user, site.clock(), with_locale=args.flag("include_locale"))}


def conversations(site: Site, args: Args) -> Json:
    """The bot's own channels or, with `user`, that person's: private ones only where the bot is, too."""
    user_id = args.text("user")
    if user_id and user_id not in {user.id for user in site.workspace.users()}:
        raise SlackError("user_not_found")
    theirs = [
        each
        for each in site.workspace.channels()
        if (
            user_id in each.members and not (each.is_private and not is_member(each))
            if user_id
            else is_member(each)
        )
    ]
    return channels_page(site, theirs, args)


METHODS: Mapping[str, Method] = {
    "users.info": Method(run=info, scope="users:read"),
    "users.conversations": Method(run=conversations),
}
