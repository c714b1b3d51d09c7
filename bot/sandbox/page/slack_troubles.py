"""Trouble on Slack's side: limits, lost replies, outages, dropped sockets, archived channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.page.faults import Trouble
from bot.sandbox.slack import Fault

if TYPE_CHECKING:
    from bot.sandbox.slack import SimulatedSlack

POST = "chat.postMessage"
RATE_LIMITED_FOR = 20.0  # seconds
ARCHIVED_FROM_THE_FIRST = "old-reports"


def slack_troubles(slack: SimulatedSlack) -> tuple[Trouble, ...]:
    return (
        Trouble(
            key="rate_limited",
            side="slack",
            title=f"Slack rate-limits posts for {RATE_LIMITED_FOR:.0f} s",
            title_on="Slack is rate-limiting posts",
            effect="The next notice gets a 429: the whole queue waits as long as Slack says, then goes on.",
            press=lambda _where: _rate_limit(slack),
            is_on=lambda: _is_limited(slack),
        ),
        Trouble(
            key="reply_lost",
            side="slack",
            title="Lose the reply to the next post",
            title_on="The next reply gets lost",
            effect="The notice is in the channel, but the bot never hears so. It looks for it in the "
            "channel's history instead of posting it twice.",
            press=lambda _where: _lose_reply(slack),
            is_on=lambda: _is_faulty(slack, f"lose_reply {POST}"),
        ),
        Trouble(
            key="slack_down",
            side="slack",
            title="Slack's API is down",
            effect="Notices wait in the bot's database, and are posted when it is back. None is lost.",
            press=lambda _where: _toggle_down(slack),
            is_on=lambda: _is_faulty(slack, "server_error *"),
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
            press=lambda where: _toggle_archived(slack, where.channel),
            is_on=lambda: bool(archived(slack)),
        ),
    )


async def _rate_limit(slack: SimulatedSlack) -> None:
    slack.faults.rate_limit(POST, seconds=RATE_LIMITED_FOR)


def _is_limited(slack: SimulatedSlack) -> bool:
    return _is_faulty(slack, f"rate_limited {POST}") or slack.limiter.closed_for(POST, None) > 0


async def _lose_reply(slack: SimulatedSlack) -> None:
    slack.faults.lose_reply(POST)


async def _toggle_down(slack: SimulatedSlack) -> None:
    if _is_faulty(slack, "server_error *"):
        slack.faults.clear(Fault.SERVER_ERROR)
    else:
        slack.faults.server_error()


def _is_faulty(slack: SimulatedSlack, name: str) -> bool:
    return name in slack.faults.active()


async def _toggle_archived(slack: SimulatedSlack, channel: str) -> None:
    if not await bring_back(slack):
        await slack.people.archive(channel)


async def bring_back(slack: SimulatedSlack) -> list[str]:
    """Unarchive what was archived here; the names."""
    return [(await slack.people.unarchive(each)).name for each in archived(slack)]


def archived(slack: SimulatedSlack) -> list[str]:
    """Channels that were archived here: the one that was archived from the first stays as it is."""
    channels = slack.workspace.channels()
    return [each.id for each in channels if each.is_archived and each.name != ARCHIVED_FROM_THE_FIRST]
