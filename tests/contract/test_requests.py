"""Requests that no handler sees, under real Bolt: acked all the same, and refused ones logged without their body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.slack import Answered, EnvelopeType
from bot.slack.app import button
from bot.slack.payloads import clicked, submitted
from bot.slack.transport.choosing import outdated
from tests.contract.bolt_stage import stage

if TYPE_CHECKING:
    from collections.abc import Mapping

BOTH_WAYS = pytest.mark.parametrize("mode", ["socket", "http"])
WHO: Mapping[str, Any] = {
    "team": {"id": "T0HOME0001", "domain": "sandbox"},
    "user": {"id": "U0ADA00001", "team_id": "T0HOME0001"},
    "callback_id": "somebody_elses",
    "trigger_id": "1.2.3",
}
MESSAGE = {"type": "message", "ts": "1.0", "text": "hi"}
EVENTS = ("app_mention", "channel_rename", "message", "reaction_added", "team_join")
INTERACTIONS: Mapping[str, Mapping[str, Any]] = {
    "shortcut": {},
    "message_action": {"message": MESSAGE, "channel": {"id": "C0REPORTS2"}},
    "view_closed": {"view": {"id": "V1", "type": "modal", "callback_id": "status"}, "is_cleared": False},
    "dialog_submission": {"submission": {"name": "x"}, "state": "", "action_ts": "1.0"},
    "dialog_cancellation": {"state": "", "action_ts": "1.0"},
    "dialog_suggestion": {"name": "mail", "value": "x", "action_ts": "1.0"},
    "interactive_message": {"actions": [{"name": "x", "type": "button", "value": "1"}]},
}


@BOTH_WAYS
async def test_whatever_slack_sends_is_acked(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    """Events and shortcuts that somebody added by hand, and what older apps were sent."""
    async with stage(mode) as at:
        at.app.action(button(re.compile("")))(at.boundary.listener(clicked, outdated))
        at.app.view(re.compile(""))(at.boundary.listener(submitted, outdated))
        answers = {
            kind: await at.slack.deliver(
                EnvelopeType.EVENT,
                {
                    "type": "event_callback",
                    "event_id": f"Ev{kind}",
                    "event": {"type": kind, "user": "U0ADA00001"},
                },
            )
            for kind in EVENTS
        }
        answers |= {
            kind: await at.slack.deliver(EnvelopeType.INTERACTIVE, {"type": kind, **WHO, **payload})
            for kind, payload in INTERACTIONS.items()
        }
    assert {kind: ack.answered for kind, ack in answers.items()} == dict.fromkeys(answers, Answered.ACKED)
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


@BOTH_WAYS
async def test_a_command_that_nobody_listens_to_is_answered(mode: str) -> None:
    """The manifest may name one that this version does not know."""
    async with stage(mode) as at:
        outcome = await at.slack.people.type_command("ada", "reports", "/hello")
        assert outcome.answered is Answered.ACKED
        assert (await at.answer(words="I don't know this command")).text
