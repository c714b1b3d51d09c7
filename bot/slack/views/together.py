"""Pure: several messages as one, for a response URL is good for five. What does not fit any more is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slack_sdk.models.blocks import ActionsBlock

from bot.slack.kit.blocks import MAX_MESSAGE_BLOCKS, Message, plural, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block


def together(messages: Sequence[Message]) -> Message:
    """One after the other. A message is shown whole or not at all; action IDs stay unique."""
    blocks: list[Block] = []
    for number, message in enumerate(messages):
        if len(blocks) + len(message.blocks) > MAX_MESSAGE_BLOCKS - 1:
            blocks.append(small(f"and {plural(len(messages) - number, 'more answer')} like these"))
            break
        blocks += [_numbered(block, number) if number else block for block in message.blocks]
    return Message(text=" ".join(message.text for message in messages), blocks=tuple(blocks))


def _numbered(block: Block, number: int) -> Block:
    """What stands behind a colon tells buttons of one kind apart."""
    if not isinstance(block, ActionsBlock):
        return block
    told = block.to_dict()
    told.pop("block_id", None)
    elements = [each | {"action_id": f"{each['action_id']}:{number}"} for each in told["elements"]]
    return ActionsBlock(elements=elements)
