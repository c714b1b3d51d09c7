"""What the page can make go wrong in Quick BI, in Slack and in the bot, and how everything works again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.page.stage import Stage
from bot.sandbox.quickbi import Mode
from bot.sandbox.slack import Fault, SimulatedSlack
from bot.sandbox.world import Mail

SLOW = 12.0  # seconds: longer than Quick BI's own limit of 10
POST = "chat.postMessage"
RATE_LIMITED_FOR = 20.0  # seconds
ARCHIVED_FROM_THE_START = "old-reports"


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Who pressed a control, and which channel was open on the page."""

    user: str
    channel: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One control under Trouble. With `is_on` it is a switch: a second press turns it off."""

    key: str
    side: str
    title: str
    effect: str
    press: Callable[[Where], object]
    """Its result is awaited if it is awaitable."""
    is_on: Callable[[], bool] | None = None
    title_on: str = ""
    progress: Callable[[], str] | None = None
    """Progress in words while a long action is under way; else empty."""

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "side": self.side,
            "title": self.title,
            "title_on": self.title_on or f"{self.title}: on",
            "effect": self.effect,
            "is_switch": self.is_on is not None,
            "is_on": self.is_on is not None and self.is_on(),
            "progress": self.progress() if self.progress else "",
        }


_QUICKBI = (
    (
        Mode.DOWN,
        "Quick BI is down",
        "Who asks is told within 2 s, and that it says nothing of the mail; #operators once, after 3 minutes.",
    ),
    (
        Mode.THROTTLED,
        "Quick BI throttles",
        "The bot slows down and feels its way back up; who asks sees the last known state meanwhile.",
    ),
    (
        Mode.GARBAGE,
        "Quick BI answers with a web page",
        "Nothing is guessed from it: who asks is told that the answer made no sense.",
    ),
    (
        Mode.SLOW,
        "Quick BI takes 12 seconds",
        "The answer comes at once with what is known, and is replaced when the call is done or given up.",
    ),
    (
        Mode.KEY_REVOKED,
        "Quick BI revokes the credentials",
        "Who asks learns that it is not the mail's fault; #operators gets one line.",
    ),
)


def quickbi_troubles(stage: Stage) -> tuple[Trouble, ...]:
    return tuple(_quickbi_trouble(stage, mode, title, effect) for mode, title, effect in _QUICKBI)


def _quickbi_trouble(stage: Stage, mode: Mode, title: str, effect: str) -> Trouble:
    faults = stage.quickbi.faults

    def is_on() -> bool:
        return any(fault.mode is mode for fault in faults.active())

    def press(_where: Where) -> None:
        if is_on():
            faults.clear(mode)
        else:
            faults.add(mode, seconds=SLOW)

    return Trouble(key=mode, side="quickbi", title=title, effect=effect, press=press, is_on=is_on)


def slack_troubles(slack: SimulatedSlack) -> tuple[Trouble, ...]:
    faults = slack.faults

    def is_active(name: str) -> bool:
        return name in faults.active()

    def toggle_down(_where: Where) -> None:
        if is_active("server_error *"):
            faults.clear(Fault.SERVER_ERROR)
        else:
            faults.server_error()

    async def toggle_archived(where: Where) -> None:
        if not await _unarchive_all(slack):
            await slack.people.archive(where.channel)

    return (
        Trouble(
            key="rate_limited",
            side="slack",
            title=f"Slack rate-limits posts for {RATE_LIMITED_FOR:.0f} s",
            title_on="Slack is rate-limiting posts",
            effect="The next notice gets a 429: the whole queue waits as long as Slack says, then goes on.",
            press=lambda _where: faults.rate_limit(POST, seconds=RATE_LIMITED_FOR),
            is_on=lambda: is_active(f"rate_limited {POST}") or slack.limiter.closed_for(POST, None) > 0,
        ),
        Trouble(
            key="reply_lost",
            side="slack",
            title="Lose the reply to the next post",
            title_on="The next reply gets lost",
            effect="The notice is in the channel, but the bot never hears so. It looks for it in the "
            "channel's history instead of posting it twice.",
            press=lambda _where: faults.lose_reply(POST),
            is_on=lambda: is_active(f"lose_reply {POST}"),
        ),
        Trouble(
            key="slack_down",
            side="slack",
            title="Slack's API is down",
            effect="Notices wait in the bot's database, and are posted when it is back. None is lost.",
            press=toggle_down,
            is_on=lambda: is_active("server_error *"),
        ),
        Trouble(
            key="drop_socket",
            side="slack",
            title="Drop the socket",
            effect="The bot connects again by itself; with two sockets there is no gap.",
            press=lambda _where: slack.drop_sockets(),
        ),
        Trouble(
            key="archive",
            side="slack",
            title="Archive the open channel",
            title_on="Bring the archived channel back",
            effect="Its subscriptions pause with the reason, and whoever subscribed is told. "
            "Brought back, they go on, with what was missed.",
            press=toggle_archived,
            is_on=lambda: bool(_archived(slack)),
        ),
    )


async def _unarchive_all(slack: SimulatedSlack) -> list[str]:
    """Unarchive the channels that were archived on the page; their names."""
    return [(await slack.people.unarchive(each)).name for each in _archived(slack)]


def _archived(slack: SimulatedSlack) -> list[str]:
    channels = slack.workspace.channels()
    return [each.id for each in channels if each.is_archived and each.name != ARCHIVED_FROM_THE_START]


def bot_troubles(stage: Stage) -> tuple[Trouble, ...]:
    return (
        Trouble(
            key="kill",
            side="bot",
            title="Kill the bot",
            effect="It starts again within seconds, and goes on where it was: what failed meanwhile is told "
            "afterwards.",
            press=lambda _where: stage.bot.kill(),
        ),
    )


class Healer:
    """Makes everything work again. Mails that were paused or forbidden from the start stay so."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        mails = stage.quickbi.world.mails()
        self._paused = {mail.mail_id for mail in mails if mail.paused}
        self._forbidden = {mail.mail_id for mail in mails if not mail.permitted}

    async def heal(self) -> str:
        """Clear every fault on both sides; what was restored, in words."""
        slack = self._stage.slack
        self._stage.quickbi.faults.clear()
        slack.faults.clear()
        slack.limiter.change(slack.limiter.rates)
        back = [f"#{name} is back" for name in await _unarchive_all(slack)]
        mended = self._mend_mails()
        count = [f"{mended} {'mail is' if mended == 1 else 'mails are'} mended"] if mended else []
        return f"All well again: {', '.join([*back, *count]) or 'nothing goes wrong any more'}."

    def _mend_mails(self) -> int:
        world = self._stage.quickbi.world
        troubled = [mail for mail in world.mails() if self._is_troubled(mail)]
        for mail in troubled:
            world.mend(mail.mail_id)
            if mail.mail_id not in self._paused:
                world.resume(mail.mail_id)
            if mail.mail_id not in self._forbidden:
                world.grant(mail.mail_id)
        return len(troubled)

    def _is_troubled(self, mail: Mail) -> bool:
        to_come = mail.fail_next or mail.hang_next or mail.skip_next or mail.failing_until is not None
        is_paused = mail.paused and mail.mail_id not in self._paused
        return bool(to_come) or is_paused or (not mail.permitted and mail.mail_id not in self._forbidden)
