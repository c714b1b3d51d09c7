"""The Web API endpoint: tokens, scopes, rate limits and injected faults. The methods live elsewhere."""

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.loopback import reset_connection
from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.methods import METHODS, Args, Method, Token
from bot.sandbox.slack.model import EntryKind, Json, SlackError
from bot.sandbox.slack.site import Site

_SORRY = "<!DOCTYPE html><html><title>Server Error</title><body>Something went wrong.</body></html>"


def routes(site: Site) -> list[web.RouteDef]:
    """`/api/<method>`, by GET and POST."""
    endpoint = _Endpoint(site)
    return [web.route("*", "/api/{method}", endpoint.call)]


class _Endpoint:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def call(self, request: web.Request) -> web.Response:
        """One call from arrival to answer."""
        name = request.match_info["method"]
        sent, token = await _arguments(request)
        channel_id = self._channel_of(sent)
        faults = self._site.faults
        if faults.strike(Fault.REFUSE, name, channel_id):
            self._record(name, sent, "reset", answered=False)
            return reset_connection(request)
        if trouble := faults.strike(Fault.SERVER_ERROR, name, channel_id):
            self._record(name, sent, f"http_{trouble.status}")
            return web.Response(status=trouble.status, text=_SORRY, content_type="text/html")
        if (limited := self._limited(name, sent, channel_id)) is not None:
            return limited
        loses_reply = faults.strike(Fault.LOSE_REPLY, name, channel_id) is not None
        answer = self._answer(name, sent, token, answered=not loses_reply)
        if slow := faults.strike(Fault.SLOW, name, channel_id):
            await asyncio.sleep(slow.seconds)
        return reset_connection(request) if loses_reply else self._respond(answer, name)

    def _limited(self, name: str, sent: Json, channel_id: str | None) -> web.Response | None:
        limiter = self._site.limiter
        closed_for = limiter.closed_for(name, channel_id)
        while_limited = closed_for > 0
        if not while_limited:
            if trouble := self._site.faults.strike(Fault.RATE_LIMITED, name, channel_id):
                closed_for = trouble.seconds
                limiter.close(name, trouble.channel_id, trouble.seconds)
            else:
                closed_for = limiter.take(name, channel_id)
        if closed_for <= 0:
            return None
        self._record(name, sent, "ratelimited", while_limited=while_limited)
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=web.HTTPTooManyRequests.status_code,
            headers={"Retry-After": str(math.ceil(closed_for))},
        )

    def _answer(self, name: str, sent: Json, token: str, *, answered: bool) -> Json:
        try:
            args = Args(sent)
            answer = self._run(name, args, token)
        except SlackError as error:
            self._record(name, sent, error.code, answered=answered)
            return {"ok": False, "error": error.code, **error.more}
        self._record(
            name, args.sent, "ok", answered=answered, ts=answer.get("ts") or answer.get("message_ts")
        )
        return {"ok": True, **answer}

    def _run(self, name: str, args: Args, token: str) -> Json:
        site = self._site
        if (method := METHODS.get(name)) is None:
            raise SlackError("unknown_method", req_method=name)
        self._check_token(method, token)
        scope = method.needed_scope(site, args)
        if scope is not None and scope not in site.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(site.scopes)))
        if trouble := site.faults.strike(Fault.SLACK_ERROR, name, self._channel_of(args.sent)):
            raise SlackError(trouble.code)
        return method.run(site, args)

    def _check_token(self, method: Method, token: str) -> None:
        if not token:
            raise SlackError("not_authed")
        expected = self._site.app_token if method.token is Token.APP else self._site.bot_token
        if token in {self._site.app_token, self._site.bot_token} - {expected}:
            raise SlackError("not_allowed_token_type")
        if token != expected:
            raise SlackError("invalid_auth")
        if method.token is Token.BOT and self._site.faults.token_error is not None:
            raise SlackError(self._site.faults.token_error)

    def _respond(self, answer: Json, name: str) -> web.Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._site.scopes)), "x-slack-req-id": name}
        return web.json_response(answer, headers=headers)

    def _record(self, name: str, sent: Json, outcome: str, **more: Any) -> None:
        args = {key: value for key, value in sent.items() if key != "token"}
        more = {"channel_id": self._channel_of(sent), **more}
        self._site.ledger.append(kind=EntryKind.API, name=name, outcome=outcome, args=args, **more)

    def _channel_of(self, sent: Mapping[str, Any]) -> str | None:
        """The channel's ID, also where the app named the channel."""
        channel = sent.get("channel")
        if not isinstance(channel, str):
            return None
        try:
            return self._site.workspace.channel(channel).id
        except LookupError:
            return channel


async def _arguments(request: web.Request) -> tuple[dict[str, Any], str]:
    """Query, form, multipart or JSON body together; and the token, from header or field."""
    sent: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        sent |= _object(body)
    elif request.can_read_body:
        sent |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return sent, token if scheme.lower() == "bearer" else str(sent.get("token", ""))


def _object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
