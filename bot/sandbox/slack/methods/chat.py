"""`chat.*`: what the app writes, changes and takes back."""

from collections.abc import Mapping

from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.json_shapes import edited_json, posted_json
from bot.sandbox.slack.methods.access import joined, visible, writable
from bot.sandbox.slack.methods.arguments import Args, Method
from bot.sandbox.slack.methods.content import Content, content, metadata
from bot.sandbox.slack.model import Channel, Json, Message
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_USER_ID


def post_message(site: Site, args: Args) -> Json:
    channel = writable(site, args.required("channel"))
    message = site.workspace.post(
        channel.id,
        author_id=BOT_USER_ID,
        from_app=True,
        thread_ts=_thread(site, channel, args),
        metadata=metadata(args.structure("metadata")),
        **_content(args).fields(),
    )
    told = posted_json(message, site.workspace)
    if message.metadata is not None:
        told["metadata"] = message.metadata
    return {"channel": channel.id, "ts": message.ts, "message": told}


def post_ephemeral(site: Site, args: Args) -> Json:
    channel = joined(site, args.required("channel"))
    if channel.is_archived:
        raise SlackError("is_archived")
    if args.required("user") not in channel.members:
        raise SlackError("user_not_in_channel")
    message = site.workspace.post(
        channel.id,
        author_id=BOT_USER_ID,
        from_app=True,
        thread_ts=_thread(site, channel, args),
        ephemeral_for=args.text("user"),
        **_content(args).fields(),
    )
    return {"message_ts": message.ts}


def update(site: Site, args: Args) -> Json:
    message = _own(site, args)
    kept = {} if args.structure("metadata") is None else {"metadata": metadata(args.structure("metadata"))}
    message = site.workspace.edit(message, **_content(args).fields(), **kept)
    told = {
        name: value for name, value in posted_json(message, site.workspace).items() if name not in _UNTOLD
    }
    if message.metadata is not None:
        told["metadata"] = message.metadata
    told["edited"] = edited_json(message)
    return {"channel": message.channel_id, "ts": message.ts, "text": message.text, "message": told}


_UNTOLD = frozenset({"ts", "thread_ts"})


def _content(args: Args) -> Content:
    return content(args.text("text"), args.structure("blocks"))


def _thread(site: Site, channel: Channel, args: Args) -> str | None:
    """The thread that a reply joins. Slack takes replies to what is no more; nobody sees them in the channel."""
    if not (ts := args.text("thread_ts")):
        return None
    try:
        return site.workspace.message(channel.id, ts).thread_ts or ts
    except LookupError:
        return ts


def _own(site: Site, args: Args) -> Message:
    """A message that the app may change."""
    channel = visible(site, args.required("channel"))
    message = _message(site, channel, args.required("ts"))
    if channel.is_archived:
        raise SlackError("is_inactive")
    if not message.from_app:
        raise SlackError("cant_update_message")
    return message


def _message(site: Site, channel: Channel, ts: str) -> Message:
    """A message that the Web API can reach: ephemeral ones it cannot."""
    try:
        message = site.workspace.message(channel.id, ts)
    except LookupError:
        raise SlackError("message_not_found") from None
    if message.ephemeral_for is not None:
        raise SlackError("message_not_found")
    return message


METHODS: Mapping[str, Method] = {
    "chat.postMessage": Method(run=post_message, scope="chat:write"),
    "chat.postEphemeral": Method(run=post_ephemeral, scope="chat:write"),
    "chat.update": Method(run=update, scope="chat:write"),
}
