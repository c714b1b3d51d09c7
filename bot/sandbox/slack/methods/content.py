"""What a message says: the checks that every way of writing one shares."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.blockkit import check_message_blocks, with_ids
from bot.sandbox.slack.errors import SlackError, bad_blocks
from bot.sandbox.slack.model import Json

TEXT_LONGEST = 4000
"""Slack cuts a post's text at 40,000 and refuses an edit's beyond 4,000; here both are refused beyond 4,000."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Text and blocks that Slack accepts."""

    text: str
    blocks: tuple[Json, ...]

    def fields(self) -> dict[str, Any]:
        """As fields of a Message."""
        return {"text": self.text, "blocks": self.blocks}


def content(text: str, blocks: Any) -> Content:
    """Check what a message would say. `blocks` is None where not given."""
    if blocks is not None:
        _check_blocks(blocks)
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > TEXT_LONGEST:
        raise SlackError("msg_too_long")
    return Content(text=text, blocks=with_ids(blocks or ()))


def metadata(given: Any) -> Json | None:
    """Check `metadata`; an empty object is none."""
    if not given:
        return None
    is_whole = isinstance(given, dict) and isinstance(given.get("event_payload"), dict)
    if not is_whole or not given.get("event_type") or set(given) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    return dict(given)


def _check_blocks(blocks: Any) -> None:
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := check_message_blocks(blocks):
        raise bad_blocks("invalid_blocks", problems)
