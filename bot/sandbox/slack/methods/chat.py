"""`chat.*`: what the app writes and changes, and the checks that every way of writing a message shares."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.blockkit import check_message_blocks, with_ids
from bot.sandbox.slack.json_shapes import edited_json, posted_json
from bot.sandbox.slack.methods.access import joined, visible, writable
from bot.sandbox.slack.methods.arguments import Args, Method
from bot.sandbox.slack.model import Channel, Json, Message, SlackError, bad_blocks
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_USER_ID

TEXT_LONGEST = 4000
"""Slack cuts a post's text at 40,000 and refuses an edit's beyond 4,000; here both are refused beyond 4,000."""


def post_message(site: Site, args: Args) -> Json:
    channel = writable(site, args.required("channel"))
    message = site.workspace.post(
        channel.id,
        author_id=BOT_USER_ID,
        from_app=True,
        thread_ts=_thread(site, channel, args),
        metadata=metadata(args.structure("metadata")),
        **_content(args),
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
        **_content(args),
    )
    return {"message_ts": message.ts}


def update(site: Site, args: Args) -> Json:
    message = _own(site, args)
    kept = {} if args.structure("metadata") is None else {"metadata": metadata(args.structure("metadata"))}
    message = site.workspace.edit(message, **_content(args), **kept)
    told = {
        name: value for name, value in posted_json(message, site.workspace).items() if name not in _UNTOLD
    }
    if message.metadata is not None:
        told["metadata"] = message.metadata
    told["edited"] = edited_json(message)
    return {"channel": message.channel_id, "ts": message.ts, "text": message.text, "message": told}


_UNTOLD = frozenset({"ts", "thread_ts"})


def _content(args: Args) -> dict[str, Any]:
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


def content(text: str, blocks: Any) -> dict[str, Any]:
    """What a message says, checked, as fields of a Message. `blocks` is None where not given."""
    if blocks is not None:
        _check_blocks(blocks)
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > TEXT_LONGEST:
        raise SlackError("msg_too_long")
    return {"text": text, "blocks": with_ids(blocks or ())}


def metadata(given: Any) -> Json | None:
    """Check `metadata`; an empty object is none."""
    if not given:
        return None
    is_whole = isinstance(given, dict) and isinstance(given.get("event_payload"), dict)
    if not is_whole or not given.get("event_type") or set(given) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    return dict(given)


def _check_blocks(blocks: Any) -> None:
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := check_message_blocks(blocks):
        raise bad_blocks("invalid_blocks", problems)


METHODS: Mapping[str, Method] = {
    "chat.postMessage": Method(run=post_message, scope="chat:write"),
    "chat.postEphemeral": Method(run=post_ephemeral, scope="chat:write"),
    "chat.update": Method(run=update, scope="chat:write"),
}
