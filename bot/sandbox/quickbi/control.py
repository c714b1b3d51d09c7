"""Controls for other processes: JSON over HTTP below `/-/`, unsigned, from loopback only.

    GET    /-/mails                    every mail: its state, what is switched on, what it shows
    GET    /-/mails/ID                 one mail with its runs, newest first
    GET    /-/runs                     every run of every mail: what a watcher should have seen
    POST   /-/mails                    {"name": "Late Report", "every": 30, "takes": 5, "failure_rate": 0.1}
                                       or {"count": 100, "prefix": "Branch"}; answers the mails
    DELETE /-/mails/ID                 the mail is gone
    POST   /-/mails/ID/CONTROL         one of the controls below, with its arguments
    POST   /-/storm                    {"group": "storm", "count": 100} or {"mail_ids": […]}, "takes", "outcome"
    GET    /-/faults                   what is wrong with the whole service
    POST   /-/faults                   {"mode": "throttled", "lasting": 60} also "times", "seconds", "action"
    DELETE /-/faults                   everything works again; with ?mode=… that kind
    GET    /-/ledger?since=SEQ         calls that arrived, and how many were over the limit

Controls: `run` {"started_ago", "takes", "outcome", "hangs"}, `fail-next` {"runs"}, `fail-for` {"seconds"},
`hang-next`, `release` {"outcome"}, `skip-next`, `mend`, `pause`, `resume`, `revise` {"status", "task_id",
"after"}, `revoke`, `grant`. Times are seconds. Task IDs are texts, both ways: they are beyond 2^53.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.quickbi.arguments import Arguments, WrongArgument
from bot.sandbox.quickbi.faults import ANY
from bot.sandbox.quickbi.state import call_state, fault_state, mail_state, run_state
from bot.sandbox.world.mail import Group
from bot.sandbox.world.plans import Every
from bot.sandbox.world.runs import Law, Status
from bot.sandbox.world.world import NoSuchMail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.sandbox.quickbi.faults import Faults
    from bot.sandbox.quickbi.ledger import Ledger
    from bot.sandbox.world.mail import Mail
    from bot.sandbox.world.world import World

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_CALLS = 5_000  # in one answer of the ledger
MOST_MAILS = 20_000  # added at once


class Control:
    """The handlers. They change nothing but through the public methods of World and Faults."""

    def __init__(self, *, world: World, faults: Faults, ledger: Ledger) -> None:
        self._world = world
        self._faults = faults
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/-/mails", _guarded(self.mails)),
            web.post("/-/mails", _guarded(self.add_mails)),
            web.get("/-/mails/{mail_id}", _guarded(self.mail)),
            web.delete("/-/mails/{mail_id}", _guarded(self.delete_mail)),
            web.post("/-/mails/{mail_id}/{control}", _guarded(self.control)),
            web.get("/-/runs", _guarded(self.runs)),
            web.post("/-/storm", _guarded(self.storm)),
            web.get("/-/faults", _guarded(self.active_faults)),
            web.post("/-/faults", _guarded(self.add_fault)),
            web.delete("/-/faults", _guarded(self.clear_faults)),
            web.get("/-/ledger", _guarded(self.calls)),
            web.route("*", "/-/{anything:.*}", _guarded(self.nothing_here)),
        ]

    async def mails(self, _: web.Request) -> web.Response:
        now = self._world.now
        return _told({"mails": [mail_state(mail, now) for mail in self._world.mails()]})

    async def mail(self, request: web.Request) -> web.Response:
        mail_id, now = request.match_info["mail_id"], self._world.now
        runs = [run_state(run, now) for run in self._world.runs(mail_id)]
        return _told({**mail_state(self._world.mail(mail_id), now), "runs": runs})

    async def runs(self, _: web.Request) -> web.Response:
        now = self._world.now
        return _told(
            {
                "runs": [
                    {"mail_id": mail.mail_id, **run_state(run, now)}
                    for mail in self._world.mails()
                    for run in mail.visible(now)
                ]
            }
        )

    async def nothing_here(self, request: web.Request) -> web.Response:
        raise WrongArgument(f"there is no {request.method} {request.path}")

    async def add_mails(self, request: web.Request) -> web.Response:
        given = Arguments.parse(await request.read())
        interval = given.seconds("every")
        count = given.whole("count", 0)
        if count > MOST_MAILS:
            raise WrongArgument(f"count is at most {MOST_MAILS}")
        plan = Every(interval=interval) if interval else None
        law = Law(
            takes=given.seconds("takes") or timedelta(seconds=5),
            failure_rate=given.number("failure_rate", 0.0),
        )
        if count:
            prefix = given.text("prefix", "Branch")
            added = self._world.add_mails(count, prefix=prefix, plan=plan, law=law)
        else:
            added = (self._world.add_mail(given.text("name"), plan=plan, law=law),)
        return _told({"mails": [mail_state(mail, self._world.now) for mail in added]})

    async def delete_mail(self, request: web.Request) -> web.Response:
        self._world.delete(request.match_info["mail_id"])
        return _told({})

    async def control(self, request: web.Request) -> web.Response:
        """Answers the mail as it is afterwards."""
        given = Arguments.parse(await request.read())
        mail_id = request.match_info["mail_id"]
        self._apply(request.match_info["control"], mail_id, given)
        return await self.mail(request)

    async def storm(self, request: web.Request) -> web.Response:
        given = Arguments.parse(await request.read())
        mail_ids = given.texts("mail_ids") or [mail.mail_id for mail in self._group(given)]
        runs = self._world.storm(
            mail_ids,
            takes=given.seconds("takes") or timedelta(0),
            outcome=given.text("outcome", Status.FAILED),
        )
        return _told({"mail_ids": mail_ids, "task_ids": [str(run.task_id) for run in runs]})

    async def active_faults(self, _: web.Request) -> web.Response:
        return _told({"faults": [fault_state(fault) for fault in self._faults.active()]})

    async def add_fault(self, request: web.Request) -> web.Response:
        given = Arguments.parse(await request.read())
        lasting = given.seconds("lasting")
        self._faults.add(
            given.mode(),
            action=given.text("action", ANY),
            times=given.whole("times", 0) or None,
            lasting=None if lasting is None else lasting.total_seconds(),
            seconds=given.number("seconds", 0.0),
        )
        return await self.active_faults(request)

    async def clear_faults(self, request: web.Request) -> web.Response:
        mode = request.query.get("mode")
        self._faults.clear(None if mode is None else Arguments({"mode": mode}).mode())
        return await self.active_faults(request)

    async def calls(self, request: web.Request) -> web.Response:
        since = Arguments(dict(request.query)).whole("since", 0)
        calls = self._ledger.since(since)[:MOST_CALLS]
        return _told(
            {
                "calls": [call_state(call) for call in calls],
                "violations": self._ledger.violations,
            }
        )

    def _group(self, given: Arguments) -> tuple[Mail, ...]:
        """The mails of a group that the caller may see, the first `count` of them."""
        mails = self._world.mails(given.group(Group.STORM))
        return mails[: given.whole("count", len(mails))]

    def _apply(self, control: str, mail_id: str, given: Arguments) -> None:
        world = self._world
        match control:
            case "run":
                world.run_now(
                    mail_id,
                    started_ago=given.seconds("started_ago") or timedelta(0),
                    takes=given.seconds("takes"),
                    outcome=given.text("outcome", "") or None,
                    hangs=given.flag("hangs"),
                )
            case "fail-next":
                world.fail_next(mail_id, runs=given.whole("runs", 1))
            case "fail-for":
                world.fail_for(mail_id, given.seconds("seconds") or timedelta(hours=1))
            case "release":
                world.release(mail_id, given.text("outcome", Status.SENT))
            case "revise":
                world.revise(
                    mail_id,
                    given.text("status", Status.SENT),
                    task_id=given.whole("task_id", 0) or None,
                    after=given.seconds("after") or timedelta(0),
                )
            case _:
                self._apply_plain(control, mail_id)

    def _apply_plain(self, control: str, mail_id: str) -> None:
        plain: Mapping[str, Callable[[str], None]] = {
            "hang-next": self._world.hang_next,
            "skip-next": self._world.skip_next,
            "mend": self._world.mend,
            "pause": self._world.pause,
            "resume": self._world.resume,
            "revoke": self._world.revoke,
            "grant": self._world.grant,
        }
        if control not in plain:
            raise WrongArgument(f"there is no control {control!r}")
        plain[control](mail_id)


def _guarded(handler: Handler) -> Handler:
    """Loopback only, also by name (a web page elsewhere may point a name of its own here)."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if not _is_local(request):
            return _told({"error": "from this machine only"}, status=403)
        try:
            return await handler(request)
        except NoSuchMail as missing:
            return _told({"error": f"there is no mail {missing}"}, status=404)
        except WrongArgument as wrong:
            return _told({"error": str(wrong)}, status=400)

    return guarded


def _is_local(request: web.Request) -> bool:
    name = request.url.host or ""
    return name in LOOPBACK_NAMES and ip_address(request.remote or "0.0.0.0").is_loopback  # noqa: S104


def _told(body: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)
