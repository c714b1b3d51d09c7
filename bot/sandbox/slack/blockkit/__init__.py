"""Block Kit as Slack checks it: what is refused, and where in the JSON the mistake is. Draws nothing."""

from bot.sandbox.slack.blockkit.blocks import check_message_blocks, check_view, with_ids
from bot.sandbox.slack.blockkit.elements import check_options

__all__ = ["check_message_blocks", "check_options", "check_view", "with_ids"]
