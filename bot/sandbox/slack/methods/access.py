"""Which conversations the app's bot can see, and in which it may write."""

from collections.abc import Callable

from bot.sandbox.slack.methods.arguments import Args
from bot.sandbox.slack.model import Channel, SlackError
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_USER_ID


def is_member(channel: Channel) -> bool:
    """Is the bot in this conversation?"""
    return BOT_USER_ID in channel.members


def visible(site: Site, name_or_id: str) -> Channel:
    """A conversation that the bot can know of: private ones only from within."""
    try:
        channel = site.workspace.channel(name_or_id)
    except LookupError:
        raise SlackError("channel_not_found") from None
    if channel.is_private and not is_member(channel):
        raise SlackError("channel_not_found")
    return channel


def joined(site: Site, name_or_id: str) -> Channel:
    """A conversation that the bot is in."""
    channel = visible(site, name_or_id)
    if not is_member(channel):
        raise SlackError("not_in_channel")
    return channel


def writable(site: Site, name_or_id: str) -> Channel:
    """Where `chat.postMessage` may post: a person's ID means the direct message with them."""
    if name_or_id.startswith("U"):
        return direct(site, name_or_id)
    channel = visible(site, name_or_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if not is_member(channel) and "chat:write.public" not in site.scopes:
        raise SlackError("not_in_channel")
    return channel


def direct(site: Site, user_id: str) -> Channel:
    """The direct message with a person."""
    try:
        user = site.workspace.user(user_id)
    except LookupError:
        raise SlackError("channel_not_found") from None
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    return site.workspace.direct_message(user.id)


def kind_of(channel: Channel) -> str:
    """The word for this kind of conversation in scopes."""
    if channel.is_im:
        return "im"
    return "groups" if channel.is_private else "channels"


def scope_by_kind(right: str) -> Callable[[Site, Args], str | None]:
    """`channels:<right>`, `groups:<right>` or `im:<right>`, as the channel asked for demands."""

    def scope(site: Site, args: Args) -> str | None:
        try:
            channel = site.workspace.channel(args.text("channel"))
        except LookupError:
            return None
        return f"{kind_of(channel)}:{right}"

    return scope
