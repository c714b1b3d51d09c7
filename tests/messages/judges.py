"""Three independent opinions on a message: Slack's SDK, another block library, and a reader of the text alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import blockkit
from slack_sdk.models.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk.models.views import View

    from bot.slack.kit.blocks import Message

_KINDS: dict[str, Callable[..., Any]] = {
    "section": blockkit.Section,
    "context": blockkit.Context,
    "actions": blockkit.Actions,
    "header": blockkit.Header,
    "divider": blockkit.Divider,
    "input": blockkit.Input,
    "button": blockkit.Button,
    "overflow": blockkit.Overflow,
    "static_select": blockkit.StaticSelect,
    "multi_static_select": blockkit.MultiStaticSelect,
    "external_select": blockkit.ExternalSelect,
    "multi_external_select": blockkit.MultiExternalSelect,
    "multi_users_select": blockkit.MultiUsersSelect,
    "conversations_select": blockkit.ConversationsSelect,
    "checkboxes": blockkit.Checkboxes,
    "radio_buttons": blockkit.RadioButtons,
    "plain_text_input": blockkit.PlainTextInput,
    "timepicker": blockkit.TimePicker,
    "modal": blockkit.Modal,
    "home": blockkit.Home,
}
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u23e9-\u23ff]")
# Who did something, or is on call, may be named: by ID. A whole channel never is.
_PERSON = re.compile(r"<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>")
_CHANNEL = re.compile(r"<#C[A-Z0-9]+>")  # a link to a channel pings nobody
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"\*([^*\n]+)\*")
_LIVE_MENTION = re.compile(r"<(?:[@#!](?!date\^))")


def by_another_library(part: Any, key: str = "") -> Any:
    """Rebuild a block, an element or a view from its JSON with `blockkit`, which raises on what Slack refuses."""
    if isinstance(part, list):
        return [by_another_library(one, key) for one in part]
    if not isinstance(part, dict):
        return part
    kind = part.get("type")
    content = {name: by_another_library(value, name) for name, value in part.items() if name != "type"}
    if content.get("min_query_length") == 0:
        del content[
            "min_query_length"
        ]  # Slack then offers options before a letter is typed; the library says 1
    if kind in {"mrkdwn", "plain_text"}:
        return blockkit.Text(**content, type=kind)
    if key == "confirm" and kind is None:
        return blockkit.Confirm(**content)
    if key in {"options", "option", "initial_option", "initial_options"} and kind is None:
        return blockkit.Option(**content)
    if key == "dispatch_action_config":
        return blockkit.DispatchActionConfig(**content)
    return _KINDS[str(kind)](**content)


def assert_fine(message: Message) -> None:
    """Slack would take it, it pings nobody, and its text alone tells everything, in words."""
    assert_taken(message)
    payload = message.payload()
    assert len(payload["text"]) >= 10
    assert re.search(r"[a-z]{3,} [a-z]", payload["text"], re.IGNORECASE), "words, not signs alone"
    _assert_nothing_slipped_in(payload["blocks"])


def assert_taken(message: Message) -> None:
    """Slack would take it and its text tells what it is about, whatever people and Quick BI call their mails."""
    payload = message.payload()
    for block, told in zip(message.blocks, payload["blocks"], strict=True):
        assert isinstance(block, Block)
        assert told == block.to_dict()  # with all of slack_sdk's checks
    assert_post_fine(payload)
    _assert_text_says_what_leads(payload)


def assert_post_fine(payload: Mapping[str, Any]) -> None:
    """Slack would take these blocks and this text, and nobody is pinged."""
    assert len(payload["blocks"]) <= 50
    assert len(payload["text"]) < 4000
    assert not _LIVE_MENTION.search(_unpinged(payload["text"])), "the text pings somebody"
    _assert_blocks_fine(payload["blocks"])


def assert_view_fine(view: View) -> None:
    """Slack would open this modal or Home tab, by two opinions, and every input says what it is for."""
    view.validate_json()
    assert_opened_fine(view.to_dict())
    _assert_nothing_slipped_in(view.to_dict()["blocks"])


def assert_opened_fine(content: Mapping[str, Any]) -> None:
    for block in content["blocks"]:
        if block["type"] == "input":
            assert block["label"]["text"].strip()
    assert len(content["blocks"]) <= 100
    assert len(content.get("private_metadata", "")) <= 3000
    _assert_blocks_fine(content["blocks"])


def _assert_blocks_fine(blocks: list[dict[str, Any]]) -> None:
    for block in blocks:
        by_another_library(block).build()
    _assert_ids_are_unique(blocks)
    _assert_nothing_is_parsed(blocks)
    _assert_labels_are_plain(blocks)
    for shown in texts(blocks, "mrkdwn"):
        assert not _LIVE_MENTION.search(_unpinged(shown)), shown
    for shown in texts(blocks, "mrkdwn", "plain_text"):
        assert _EMOJI.sub("", shown).strip(), "a sign alone says nothing to a screen reader"


def _assert_nothing_slipped_in(blocks: list[dict[str, Any]]) -> None:
    for shown in texts(blocks, "mrkdwn", "plain_text"):
        assert not re.search(r"Traceback|<class|object at 0x|\bNone\b(?! of)", shown), shown


def _unpinged(text: str) -> str:
    """Without what may stand there: who did something, and links to channels. Neither calls anybody."""
    return _CHANNEL.sub("", _PERSON.sub("", text))


def _assert_ids_are_unique(blocks: list[dict[str, Any]]) -> None:
    ids = [
        element["action_id"]
        for block in blocks
        for element in block.get("elements", ())
        if "action_id" in element
    ]
    assert len(ids) == len(set(ids)), ids


def _assert_nothing_is_parsed(part: Any) -> None:
    """Slack makes links and calls of plain words (“@here”, “#general”) unless it is told not to."""
    if isinstance(part, list | tuple):
        for one in part:
            _assert_nothing_is_parsed(one)
    elif isinstance(part, Mapping):
        if part.get("type") == "mrkdwn":
            assert part.get("verbatim") is True, part
        _assert_nothing_is_parsed(list(part.values()))


def _assert_labels_are_plain(part: Any) -> None:
    """Labels, dialogs and what a screen reader says of a button show each character: `&lt;` would stand there so."""
    for shown in [*texts(part, "plain_text"), *_values_of(part, "accessibility_label")]:
        assert not re.search("&(?:amp|lt|gt);", shown), shown


def _assert_text_says_what_leads(payload: Mapping[str, Any]) -> None:
    """Who hears the text alone hears what the first block shows: what it is about, and each of its times."""
    said = _unmarked(payload["text"])
    first = texts(payload["blocks"][:1], "mrkdwn")
    for shown in first:
        for fallback in _DATE.findall(shown):
            assert fallback in payload["text"], fallback
    titles = [bold for shown in first for bold in _BOLD.findall(_DATE.sub("", shown))]
    for title in titles[:1]:
        assert _unmarked(title) in said, title


def _unmarked(words: str) -> str:
    """As it is read aloud: without marks, and with the stars and ticks that only stand in for others undone."""
    plain = words.replace("\N{ASTERISK OPERATOR}", "").replace("\N{MODIFIER LETTER GRAVE ACCENT}", "")
    return re.sub(r"[\s·,]+", " ", re.sub(r"[*_~`]", "", plain)).strip(": ").casefold()


def _values_of(part: Any, key: str) -> list[str]:
    if isinstance(part, list | tuple):
        return [value for one in part for value in _values_of(one, key)]
    if isinstance(part, Mapping):
        own = [str(part[key])] if key in part else []
        return own + [value for each in part.values() for value in _values_of(each, key)]
    return []


def texts(part: Any, *kinds: str) -> list[str]:
    """Every text of these kinds in blocks, however deep."""
    if isinstance(part, list | tuple):
        return [text for one in part for text in texts(one, *kinds)]
    if isinstance(part, Mapping):
        own = [part["text"]] if part.get("type") in kinds else []
        return own + [text for value in part.values() for text in texts(value, *kinds)]
    return []
