"""May the bot post there? Asked of the simulated Slack, and answered by what Slack tells of a channel."""

from __future__ import annotations

import pytest

from bot.domain import ChannelId, Posting
from bot.sandbox.slack import SimulatedSlack
from bot.slack.transport.channel_access import ChannelAccess, posting_in
from tests.contract.simulated_slack import MANIFEST, client_of


@pytest.mark.parametrize(
    ("channel", "uninvited", "posting"),
    [
        ({"is_channel": True}, True, Posting.FINE),
        ({"is_channel": True}, False, Posting.INVITE),
        ({"is_channel": True, "is_member": True}, False, Posting.FINE),
        ({"is_private": True}, True, Posting.INVITE),
        ({"is_private": True, "is_member": True}, True, Posting.FINE),
        ({"is_archived": True, "is_member": True}, True, Posting.ARCHIVED),
        ({"is_frozen": True, "is_member": True}, True, Posting.READ_ONLY),
        ({"is_read_only": True, "is_member": True}, True, Posting.READ_ONLY),
        ({"is_thread_only": True}, True, Posting.READ_ONLY),
        ({"is_im": True}, True, Posting.FINE),
        ({"is_ext_shared": True}, True, Posting.SHARED),
        ({"is_ext_shared": True, "is_private": True, "is_member": True}, True, Posting.SHARED),
        ({"is_ext_shared": True, "is_private": True}, True, Posting.INVITE),
        ({"is_pending_ext_shared": True, "is_member": True}, True, Posting.SHARED),
        ({"is_mpim": True, "is_private": True}, True, Posting.DIRECT),
        ({"is_mpim": True, "is_private": True, "is_member": True}, True, Posting.FINE),
    ],
)
def test_what_slack_tells_of_a_channel_decides(
    channel: dict[str, bool], *, uninvited: bool, posting: Posting
) -> None:
    """In one place, for subscribing, for `check` and for looking at closed channels."""
    assert posting_in(channel, uninvited=uninvited) is posting


@pytest.mark.parametrize(
    ("channel", "posting"),
    [("C0REPORTS2", Posting.FINE), ("D0SOMEONES", Posting.DIRECT), ("C0NOWHERE9", Posting.INVITE)],
)
async def test_what_slack_does_not_show_is_private(channel: str, posting: Posting) -> None:
    """A bot can be invited to a private channel, but not into the direct messages of others."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        assert await ChannelAccess(client_of(slack)).posting(ChannelId(channel)) is posting
