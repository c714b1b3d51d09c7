"""`conversations.*` and `users.*`: where the bot and people are, and what was said there."""

from collections.abc import Mapping

from bot.sandbox.slack.json_shapes import channel_json, history_json, user_json
from bot.sandbox.slack.methods.access import direct, is_member, joined, kind_of, scope_by_kind, visible
from bot.sandbox.slack.methods.arguments import Args, Method, page
from bot.sandbox.slack.model import Channel, Json, Message, SlackError
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_USER_ID

_SCOPE_OF_TYPE: Mapping[str, str] = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


def info(site: Site, args: Args) -> Json:
    channel = visible(site, args.required("channel"))
    members = {"num_members": len(channel.members)} if args.flag("include_num_members") else {}
    locale = {"locale": "en-US"} if args.flag("include_locale") else {}
    return {"channel": {**channel_json(channel), **members, **locale}}


def history(site: Site, args: Args) -> Json:
    channel = joined(site, args.required("channel"))
    shown = [
        message
        for message in reversed(site.workspace.messages(channel.id, include_deleted=True))
        if _is_in_history(site, message) and _is_between(message, args)
    ]
    messages, cursor = page(shown, args)
    return {
        "messages": [_told(site, message, args) for message in messages],
        "has_more": bool(cursor),
        "pin_count": 0,
        **({"response_metadata": {"next_cursor": cursor}} if cursor else {}),
    }


def replies(site: Site, args: Args) -> Json:
    channel, ts = joined(site, args.required("channel")), args.required("ts")
    thread = [
        message
        for message in site.workspace.messages(channel.id, include_deleted=True)
        if _is_in_thread(site, message, ts)
    ]
    if not thread:
        raise SlackError("thread_not_found")
    messages, cursor = page([each for each in thread if _is_between(each, args)], args)
    return {
        "messages": [_told(site, message, args) for message in messages],
        "has_more": bool(cursor),
        **({"response_metadata": {"next_cursor": cursor}} if cursor else {}),
    }


def open_direct(site: Site, args: Args) -> Json:
    if args.text("channel"):
        channel = visible(site, args.text("channel"))
    else:
        users = args.required("users").split(",")
        if len(users) > 1:
            raise SlackError("not_enough_users")
        channel = _direct_or_user_not_found(site, users[0])
    about = channel_json(channel) if args.flag("return_im") else {"id": channel.id}
    return {"channel": about}


def user_info(site: Site, args: Args) -> Json:
    known = {user.id: user for user in site.workspace.users()}
    if (user := known.get(args.required("user"))) is None:
        raise SlackError("user_not_found")
    return {"user": user_json(user, site.clock(), with_locale=args.flag("include_locale"))}


def bot_or_user_conversations(site: Site, args: Args) -> Json:
    """The bot's own channels or, with `user`, that person's: private ones only where the bot is, too."""
    user_id = args.text("user")
    if user_id and user_id not in {user.id for user in site.workspace.users()}:
        raise SlackError("user_not_found")
    who = user_id or BOT_USER_ID
    theirs = [
        each
        for each in site.workspace.channels()
        if who in each.members and (is_member(each) or not each.is_private)
    ]
    return _channels_page(site, theirs, args)


def _channels_page(site: Site, channels: list[Channel], args: Args) -> Json:
    """Channels of the wanted types, a page of them. Every type needs its own scope."""
    types = args.text("types", "public_channel").split(",")
    for kind in types:
        if (scope := _SCOPE_OF_TYPE.get(kind.strip())) is None:
            raise SlackError("invalid_types")
        if scope not in site.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(site.scopes)))
    wanted = {_SCOPE_OF_TYPE[kind.strip()].partition(":")[0] for kind in types}
    fitting = [
        channel
        for channel in channels
        if kind_of(channel) in wanted and not (args.flag("exclude_archived") and channel.is_archived)
    ]
    shown, cursor = page(fitting, args)
    told = [channel_json(each, with_membership=False) for each in shown]
    return {"channels": told, "response_metadata": {"next_cursor": cursor}}


def _told(site: Site, message: Message, args: Args) -> Json:
    return history_json(message, site.workspace, with_metadata=args.flag("include_all_metadata"))


def _is_in_history(site: Site, message: Message) -> bool:
    """Replies stay in their thread unless broadcast; deleted messages only if a thread hangs on them."""
    if message.ephemeral_for is not None:
        return False
    if message.is_deleted:
        return bool(site.workspace.replies(message.channel_id, message.ts))
    return message.thread_ts in {None, message.ts}


def _is_in_thread(site: Site, message: Message, ts: str) -> bool:
    if message.ephemeral_for is not None:
        return False
    if message.ts == ts:
        return not message.is_deleted or bool(site.workspace.replies(message.channel_id, ts))
    return message.thread_ts == ts and not message.is_deleted


def _is_between(message: Message, args: Args) -> bool:
    oldest, latest = _instant(args, "oldest"), _instant(args, "latest")
    if args.flag("inclusive") and message.ts in {args.text("oldest"), args.text("latest")}:
        return True
    at = float(message.ts)
    return (oldest is None or at > oldest) and (latest is None or at < latest)


def _instant(args: Args, name: str) -> float | None:
    try:
        return float(text) if (text := args.text(name)) else None
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _direct_or_user_not_found(site: Site, user_id: str) -> Channel:
    try:
        return direct(site, user_id)
    except SlackError as error:
        raise SlackError("user_not_found" if error.code == "channel_not_found" else error.code) from None


METHODS: Mapping[str, Method] = {
    "conversations.info": Method(run=info, scope=scope_by_kind("read")),
    "conversations.history": Method(run=history, scope=scope_by_kind("history")),
    "conversations.replies": Method(run=replies, scope=scope_by_kind("history")),
    "conversations.open": Method(run=open_direct, scope="im:write"),
    "users.info": Method(run=user_info, scope="users:read"),
    "users.conversations": Method(run=bot_or_user_conversations),
}
