"""Answers of the app that need no channel membership: the ack's body and `response_url`."""

import asyncio
import json
from typing import Any

from aiohttp import web

from bot.sandbox.loopback import reset_connection
from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.grants import Reply
from bot.sandbox.slack.methods.chat import content, metadata
from bot.sandbox.slack.model import EntryKind, Json, Message, SlackError
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import BOT_USER_ID

RESPONSE_URL = "response_url"
"""The name of these calls in the ledger and for faults."""

_GONE = frozenset({"expired_url", "used_url", "invalid_url"})


def routes(site: Site) -> list[web.RouteDef]:
    """Where every `response_url` leads."""

    async def use(request: web.Request) -> web.Response:
        return await _use(site, request)

    return [web.post("/commands/{token}", use)]


def answer(site: Site, reply: Reply, body: Json) -> Message | None:
    """Show what the app answered: a new message, or the original one replaced or taken away."""
    if site.workspace.channel(reply.channel_id).is_archived:
        raise SlackError("is_archived")
    original = _original(site, reply)
    if body.get("delete_original"):
        return site.workspace.delete(original) if original is not None else None
    says = content(str(body.get("text") or ""), body.get("blocks"))
    if body.get("replace_original") and original is not None:
        return site.workspace.edit(original, **says)
    message = site.workspace.post(
        reply.channel_id,
        author_id=BOT_USER_ID,
        from_app=True,
        ephemeral_for=None if body.get("response_type") == "in_channel" else reply.user_id,
        thread_ts=body.get("thread_ts"),
        metadata=metadata(body.get("metadata")),
        **says,
    )
    reply.original_ts = reply.original_ts or message.ts
    return message


def _original(site: Site, reply: Reply) -> Message | None:
    try:
        return site.workspace.message(reply.channel_id, reply.original_ts or "")
    except LookupError:
        return None


async def _use(site: Site, request: web.Request) -> web.Response:
    body, faults = _object(await request.text()), site.faults
    if faults.strike(Fault.REFUSE, RESPONSE_URL):
        _record(site, body, "reset", answered=False)
        return reset_connection(request)
    if trouble := faults.strike(Fault.SERVER_ERROR, RESPONSE_URL):
        _record(site, body, f"http_{trouble.status}")
        return web.Response(status=trouble.status, text="")
    if trouble := faults.strike(Fault.RATE_LIMITED, RESPONSE_URL):
        _record(site, body, "ratelimited")
        return web.Response(status=429, headers={"Retry-After": f"{trouble.seconds:.0f}"}, text="")
    loses_reply = faults.strike(Fault.LOSE_REPLY, RESPONSE_URL) is not None
    response = _respond(site, request.match_info["token"], body, answered=not loses_reply)
    if slow := faults.strike(Fault.SLOW, RESPONSE_URL):
        await asyncio.sleep(slow.seconds)
    return reset_connection(request) if loses_reply else response


def _respond(site: Site, token: str, body: Json, *, answered: bool) -> web.Response:
    try:
        reply = site.replies.redeem(token)
        message = answer(site, reply, body)
    except SlackError as error:
        _record(site, body, error.code, answered=answered)
        status = 404 if error.code in _GONE else 400
        return web.json_response({"ok": False, "error": error.code, **error.more}, status=status)
    ts = message.ts if message is not None else None
    _record(site, body, "ok", answered=answered, ts=ts, channel_id=reply.channel_id)
    return web.Response(text="ok")


def _record(site: Site, body: Json, outcome: str, **more: Any) -> None:
    site.ledger.append(kind=EntryKind.RESPONSE_URL, name=RESPONSE_URL, outcome=outcome, args=body, **more)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else {}
