"""The control API below `/-/`: other processes act as people, break things and read the ledger. Loopback only."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from aiohttp import web

from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.model import Change, as_json
from bot.sandbox.slack.people import People
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.site import Site

Switch = Callable[..., Any]


class Switchboard(Protocol):
    """What the server lets others do to its connections."""

    async def drop_sockets(self, *, count: int | None = ...) -> None: ...
    async def disconnect_sockets(self, reason: str = ..., *, close_after: float = ...) -> None: ...
    async def redeliver(self, envelope_id: str) -> None: ...
    def grant_scopes(self, scopes: Iterable[str]) -> None: ...
    def withhold_scopes(self, scopes: Iterable[str]) -> None: ...


def routes(site: Site, people: People, board: Switchboard) -> list[web.RouteDef]:
    """`POST /-/people/<verb>`, `/-/faults/<verb>`, `/-/slack/<verb>`; `GET /-/state`, `/-/ledger?since=N`;
    WebSocket `/-/changes`.
    """
    control = _Control(site, {**_people(people), **_faults(site.faults), **_server(site, board)})
    return [
        web.post("/-/{room}/{verb}", control.act),
        web.get("/-/state", control.state),
        web.get("/-/ledger", control.ledger),
        web.get("/-/changes", control.changes),
    ]


class _Control:
    def __init__(self, site: Site, switches: dict[str, Switch]) -> None:
        self._site = site
        self._switches = switches

    async def act(self, request: web.Request) -> web.Response:
        """Call one switch with the JSON body as keyword arguments; answer with what it returns."""
        name = f"{request.match_info['room']}/{request.match_info['verb']}"
        if (switch := self._switches.get(name)) is None or request.content_type != "application/json":
            known = sorted(self._switches)
            return web.json_response({"error": f"no {name} with a JSON body", "known": known}, status=404)
        try:
            result = switch(**await request.json())
            if inspect.isawaitable(result):
                result = await result
        except (LookupError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=422)
        return web.json_response(as_json(result))

    async def state(self, _request: web.Request) -> web.Response:
        """Everything that there is to see."""
        workspace, screens = self._site.workspace, self._site.screens
        people = workspace.users()
        return web.json_response(
            {
                "users": as_json(people),
                "channels": as_json(workspace.channels()),
                "messages": {each.id: as_json(workspace.messages(each.id)) for each in workspace.channels()},
                "modals": {user.id: as_json(screens.top(user.id)) for user in people},
                "homes": {user.id: as_json(screens.home(user.id)) for user in people},
                "faults": self._site.faults.active(),
                "sends_while_limited": self._site.ledger.sends_while_limited(),
            }
        )

    async def ledger(self, request: web.Request) -> web.Response:
        """Entries after `since`."""
        return web.json_response(as_json(self._site.ledger.since(int(request.query.get("since", "0")))))

    async def changes(self, request: web.Request) -> web.WebSocketResponse:
        """Every change from now on, one JSON text each."""
        link = web.WebSocketResponse(heartbeat=30)
        news: asyncio.Queue[Change] = asyncio.Queue()
        with self._site.changes.subscribe(news.put_nowait):
            await link.prepare(request)
            telling = asyncio.create_task(_tell(link, news))
            try:
                async for _ in link:  # what a watcher says is ignored; its leaving ends the loop
                    pass
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
        return link


async def _tell(link: web.WebSocketResponse, news: asyncio.Queue[Change]) -> None:
    while True:
        await link.send_json(as_json(await news.get()))


def _people(people: People) -> dict[str, Switch]:
    verbs: tuple[Callable[..., Awaitable[object]], ...] = (
        people.type_command,
        people.click,
        people.suggest,
        people.submit_view,
        people.close_view,
        people.open_home,
        people.post_message,
        people.delete_message,
        people.archive,
        people.unarchive,
        people.delete_channel,
        people.make_private,
        people.rename,
        people.invite_bot,
        people.remove_bot,
    )
    return {f"people/{verb.__name__}": verb for verb in verbs}


def _faults(faults: Faults) -> dict[str, Switch]:
    verbs: tuple[Switch, ...] = (
        faults.rate_limit,
        faults.lose_reply,
        faults.server_error,
        faults.refuse_connections,
        faults.slack_error,
        faults.slow,
        faults.revoke_token,
        faults.mute,
        faults.duplicate,
        faults.clear,
    )
    return {f"faults/{verb.__name__}": verb for verb in verbs}


def _server(site: Site, board: Switchboard) -> dict[str, Switch]:
    return {
        "slack/drop_sockets": board.drop_sockets,
        "slack/disconnect_sockets": board.disconnect_sockets,
        "slack/redeliver": board.redeliver,
        "slack/add_channel": site.workspace.add_channel,
        "slack/grant_scopes": board.grant_scopes,
        "slack/withhold_scopes": board.withhold_scopes,
        "slack/limits_off": lambda: site.limiter.change(Rates.off()),
        "slack/limits_on": lambda: site.limiter.change(Rates()),
    }
