"""The part of the subscription form that says who is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from slack_sdk.models.blocks import InputBlock, StaticSelectElement, UserMultiSelectElement

from bot.domain import OnCall, UsageError
from bot.slack.commands import EXAMPLE_NAME, Verb
from bot.slack.kit.blocks import option
from bot.slack.kit.text import duration
from bot.slack.notify_clause import MOST_MENTIONS
from bot.slack.payloads import Field

CALLS, AGAIN = "calls", "again"
_AGAIN_AFTER = (10, 15, 30, 60, 120, 240)  # minutes


def on_call_input() -> InputBlock:
    """Slack has no menu of user groups: those can be typed."""
    return InputBlock(
        block_id=CALLS,
        label="Call these people when something is wrong",
        hint="They are mentioned in the message. A user group can be typed: notify @group",
        optional=True,
        dispatch_action=True,
        element=UserMultiSelectElement(
            action_id=CALLS, placeholder="Nobody", max_selected_items=MOST_MENTIONS
        ),
    )


def again_input() -> InputBlock:
    again = [option(f"within {duration(timedelta(minutes=each))}", str(each)) for each in _AGAIN_AFTER]
    return InputBlock(
        block_id=AGAIN,
        label="Call them once more if nobody takes it",
        optional=True,
        element=StaticSelectElement(action_id=AGAIN, placeholder="Never", options=again),
    )


def chosen_on_call(fields: Mapping[str, Field]) -> OnCall | None:
    """None where nobody was chosen. Raises UsageError."""
    people = fields[CALLS].chosen if CALLS in fields else ()
    again = fields[AGAIN].chosen if AGAIN in fields else ()
    if again and not people:
        raise UsageError(
            "Nobody was chosen who could be called once more.",
            example=f"/{Verb.SUBSCRIBE} {EXAMPLE_NAME} notify @ada remind 30m",
        )
    if not people:
        return None
    return OnCall(mentions=people, again_after=timedelta(minutes=int(again[0])) if again else None)
