"""Puts the simulated Slack together: one loopback server, one workspace, one installed app."""

import time
from collections.abc import Callable, Iterable

from aiohttp import ClientSession, web

from bot.sandbox.loopback import LoopbackServer
from bot.sandbox.slack import responses, web_api
from bot.sandbox.slack.deliveries import Ack, Deliveries, Envelope, EnvelopeType, Transport
from bot.sandbox.slack.http_mode import HttpMode
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.model import Json, View
from bot.sandbox.slack.people import People
from bot.sandbox.slack.rate_limits import Rates
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import APP_ID, BOT_ID, BOT_USER_ID, HOME_TEAM


class SimulatedSlack(LoopbackServer):
    """A Slack workspace with one app installed, described by the app's manifest.

    >>> async with SimulatedSlack(manifest=manifest) as slack:
    ...     start_the_bot(api_url=slack.api_url, bot_token=slack.bot_token, app_token=slack.app_token)
    ...     await slack.wait_for_socket()
    ...     outcome = await slack.people.type_command("ada", "reports", "/mail-status 42")
    ...     answer = slack.workspace.messages("reports")[-1]

    Deliveries go over Socket Mode; with a `request_url` (settable at any time) by signed POST to that URL.
    """

    team_id = HOME_TEAM
    app_id = APP_ID
    bot_id = BOT_ID
    bot_user_id = BOT_USER_ID

    def __init__(
        self,
        *,
        manifest: Json,
        request_url: str | None = None,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.time,
        ack_seconds: float = 3.0,
        event_retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0),
    ) -> None:
        """`ack_seconds` and `event_retry_delays` are in real seconds; everything else follows `clock`."""
        super().__init__(shutdown_timeout=0.5)
        site = Site(manifest=Manifest.parse(manifest), rates=rates or Rates(), clock=clock)
        self._site = site
        self._ack_seconds = ack_seconds
        self._sockets = SocketMode(site, ack_seconds)
        self._deliveries = Deliveries(site, self._transport, event_retry_delays)
        self._session: ClientSession | None = None
        self.request_url = request_url
        self.manifest = site.manifest
        self.bot_token = site.bot_token
        self.app_token = site.app_token
        self.changes = site.changes
        self.faults = site.faults
        self.ledger = site.ledger
        self.limiter = site.limiter
        self.workspace = site.workspace
        self.people = People(site, self._deliveries)

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.add_routes(web_api.routes(self._site))
        app.add_routes(responses.routes(self._site))
        app.add_routes([web.get("/link/", self._sockets.accept)])
        return app

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._session = ClientSession()
        await super().start(host, port)
        self._site.base_url = f"http://{host}:{self.port}/"

    async def stop(self) -> None:
        """Close sockets and the server; cancel what is still being delivered."""
        await self._site.close()
        self._sockets.drop()
        if self._session is not None:
            await self._session.close()
        await super().stop()

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/`."""
        return self._site.base_url

    @property
    def signing_secret(self) -> str:
        """With what requests to the request URL are signed. May be replaced, as people do with a leaked one."""
        return self._site.signing_secret

    @signing_secret.setter
    def signing_secret(self, secret: str) -> None:
        self._site.signing_secret = secret

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` must be: `http://127.0.0.1:PORT/api/`."""
        return f"{self.base_url}api/"

    @property
    def socket_count(self) -> int:
        """Open Socket Mode connections."""
        return self._sockets.count

    async def wait_for_socket(self, *, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until the app has `count` connections open. Raises TimeoutError."""
        await self.changes.until(lambda: self.socket_count >= count, seconds=seconds)

    async def drop_sockets(self, *, count: int | None = None) -> None:
        """Break the `count` oldest connections, or all, without a word, as a network does."""
        self._sockets.drop(count)

    async def disconnect_sockets(
        self, reason: str = "refresh_requested", *, close_after: float = 0.0
    ) -> None:
        """Send `disconnect` with this reason, then close; Slack's `warning` comes about 10 s ahead."""
        await self._sockets.disconnect(reason, close_after=close_after)

    def withhold_scopes(self, scopes: Iterable[str]) -> None:
        """Take scopes away: calls that need them get `missing_scope`."""
        self._site.scopes.difference_update(scopes)

    async def verify_request_url(self) -> bool:
        """The `url_verification` handshake: does the app's request URL echo the challenge?"""
        return await self._requests(self.request_url or "").verify_url()

    async def redeliver(self, envelope_id: str) -> None:
        """Send a delivery once more, whether or not it was acked. `delivered` has the IDs."""
        await self._deliveries.redeliver(envelope_id)

    async def deliver(self, kind: EnvelopeType, payload: Json) -> Ack:
        """Send any payload, also one that no person of the workspace could cause."""
        return await self._deliveries.deliver(kind, payload)

    @property
    def delivered(self) -> tuple[Envelope, ...]:
        """Every envelope sent so far, oldest first."""
        return tuple(self._deliveries.sent)

    def open_view(self, user: str) -> View | None:
        """The modal on top of this person's screen."""
        return self._site.screens.top(self.workspace.user(user).id)

    def home(self, user: str) -> View | None:
        """The Home tab published for this person."""
        return self._site.screens.home(self.workspace.user(user).id)

    def _transport(self) -> Transport:
        return self._sockets if self.request_url is None else self._requests(self.request_url)

    def _requests(self, url: str) -> HttpMode:
        if self._session is None:
            raise RuntimeError("not started")
        return HttpMode(self._site, self._session, url, self._ack_seconds)
