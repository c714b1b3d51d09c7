"""Steps that scenario tests of channels and people share: what is shown to whom, and old messages to click on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.slack.kit.blocks import actions, button
from bot.slack.views.shared_channels import SHARED_CONFIRMED
from bot.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.sandbox.slack.inputs import Choice
    from bot.sandbox.slack.model import Json, Message, View
    from tests.support.rig import Rig

ADA, BOB, OLGA = "U0ADA00001", "U0BOB00002", "U0OLGA0004"
DOWN = 600.0  # seconds: longer than any test


class LateClock:
    """Real time, and what is added to it: for Slack's thirty minutes."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


async def until_asked(rig: Rig, *blocks: str, absent: str = "", user: str = "ada") -> View:
    """Wait until the form has these inputs, and not that one."""

    def drawn() -> View | None:
        view = rig.slack.open_view(user)
        here = {block["block_id"] for block in view.source["blocks"]} if view else set()
        return view if here >= {*blocks} and absent not in here else None

    return await rig.slack.changes.until(drawn, seconds=30)


async def until_public(rig: Rig, words: str, *, channel: str = "reports", seconds: float = 30.0) -> Message:
    """Wait until the channel itself is told these words."""

    def shown() -> Message | None:
        return next((one for one in reversed(public(rig, channel)) if words in one.text), None)

    try:
        return await rig.slack.changes.until(shown, seconds=seconds)
    except TimeoutError:
        raise TimeoutError(f"{words!r} is not in {[one.text for one in public(rig, channel)]}") from None


def public(rig: Rig, channel: str = "reports") -> list[Message]:
    return [one for one in rig.slack.workspace.messages(channel) if one.ephemeral_for is None]


async def answer_to_click(
    rig: Rig,
    on: Message,
    action_id: str,
    *,
    user: str = "ada",
    channel: str = "reports",
    choose: Choice | None = None,
) -> Message:
    """Click, and wait for one more answer that only this person sees."""
    before = {one.ts for one in rig.answers(user, channel)}
    await rig.slack.people.click(user, action_id, channel=channel, ts=on.ts, choose=choose)

    def more() -> Message | None:
        return next((one for one in rig.answers(user, channel) if one.ts not in before), None)

    return await rig.slack.changes.until(more, seconds=10)


async def answered(rig: Rig, count: int, *, user: str = "ada", channel: str = "reports") -> Message:
    """Wait for one more than so many answers that only this person sees."""

    def more() -> Message | None:
        told = rig.answers(user, channel)
        return told[-1] if len(told) > count else None

    return await rig.slack.changes.until(more, seconds=8)


async def subscribe(rig: Rig, name: str, *, user: str = "ada", channel: str = "reports") -> Message:
    """Returns what the channel is told of it. Where other organisations read the channel, that is confirmed."""
    before = {one.ts for one in public(rig, channel)}
    if rig.slack.workspace.channel(channel).is_ext_shared:
        question = await rig.ask(f"/mail-subscribe {name}", user=user, channel=channel)
        await rig.slack.people.click(user, SHARED_CONFIRMED, channel=channel, ts=question.ts)
    else:
        await rig.slack.people.type_command(user, channel, f"/mail-subscribe {name}")

    def told() -> Message | None:
        new = [one for one in public(rig, channel) if one.ts not in before]
        return next((one for one in new if "subscribed this channel to" in one.text), None)

    return await rig.slack.changes.until(told, seconds=10)


async def old_message(
    rig: Rig, clicks: Iterable[tuple[str, str]], *, channel: str = "reports", to: str = ""
) -> Message:
    """A message with these buttons, as the bot posted one long ago: (action ID, value)."""
    row = actions([button("Old", action_id=action_id, value=value) for action_id, value in clicks])
    return await posted(rig, [row.to_dict()], channel=channel, to=to)


async def posted(rig: Rig, blocks: Sequence[Json], *, channel: str = "reports", to: str = "") -> Message:
    place = to or rig.slack.workspace.channel(channel).id
    answer = await rig.web_client().chat_postMessage(
        channel=place, text="An old message", blocks=[dict(block) for block in blocks]
    )
    return rig.slack.workspace.message(answer["channel"], answer["ts"])


async def open_form(rig: Rig, command: str, *, user: str = "ada", channel: str = "reports") -> View:
    before = rig.slack.open_view(user)
    await rig.slack.people.type_command(user, channel, command)

    def opened() -> View | None:
        view = rig.slack.open_view(user)
        return view if view and (before is None or view.id != before.id) else None

    return await rig.slack.changes.until(opened, seconds=8)


async def offer(rig: Rig, view: View, words: str, *, user: str = "ada") -> list[str]:
    """The mails that the typeahead offers, by ID."""
    offered = await rig.slack.people.suggest(user, "mail_search", words, view_id=view.id)
    return [option["value"] for option in offered.options]


def labels(message: Message) -> list[str]:
    """What the buttons of a message say."""
    elements = [element for block in message.blocks for element in block.get("elements", ())]
    return [element["text"]["text"] for element in elements if element["type"] == "button"]


async def audited(rig: Rig) -> list[tuple[str, str, str, str]]:
    """(user, action, channel, mail) of the audit, oldest first. Ends the bot: SQLite is for one process."""
    assert rig.bot
    await rig.bot.stop()
    async with open_store(rig.environment()["DATABASE_URL"]) as store:
        rows = await store.audit.actions()
    return [(row[1], row[2], row[3], row[4]) for row in reversed(rows)]


async def until_subscribed(stage: Rig) -> None:
    def said() -> bool:
        return any(
            " subscribed this channel to" in message.text
            for message in stage.slack.workspace.messages("reports")
        )

    await stage.slack.changes.until(lambda: said() or None, seconds=20)
