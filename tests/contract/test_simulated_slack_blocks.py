"""Block Kit as the simulated Slack checks it: each limit, each refusal, with its pointer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)

from bot.sandbox.slack import blockkit
from bot.sandbox.slack.blockkit import check_message_blocks, check_options, check_view, with_ids
from bot.sandbox.slack.blockkit.blocks import BLOCKS
from bot.sandbox.slack.blockkit.elements import INTERACTIVE
from bot.sandbox.slack.inputs import find_element


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def option(value: str = "v", text: str = "t") -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


SECTION = {"type": "section", "text": mrkdwn("x")}
CONFIRM = {"title": plain("t"), "text": plain("t"), "confirm": plain("c"), "deny": plain("d")}


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        pytest.param({}, "/blocks/0", id="no type"),
        pytest.param({"type": "shout"}, "/blocks/0/type", id="unknown block"),
        pytest.param({**SECTION, "color": "red"}, "/blocks/0", id="unknown field"),
        pytest.param({"type": "section"}, "/blocks/0", id="section without text"),
        pytest.param({"type": "section", "text": mrkdwn("")}, "/blocks/0/text/text", id="empty text"),
        pytest.param({"type": "section", "text": "x"}, "/blocks/0/text", id="text is no object"),
        pytest.param(
            {"type": "section", "text": mrkdwn("x" * 3001)}, "/blocks/0/text/text", id="section 3000"
        ),
        pytest.param({"type": "section", "fields": [mrkdwn("x")] * 11}, "/blocks/0/fields", id="10 fields"),
        pytest.param(
            {"type": "section", "fields": [mrkdwn("x" * 2001)]}, "/blocks/0/fields/0/text", id="field 2000"
        ),
        pytest.param({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", id="header 150"),
        pytest.param({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text/type", id="header is plain"),
        pytest.param(
            {"type": "context", "elements": [mrkdwn("x")] * 11}, "/blocks/0/elements", id="context 10"
        ),
        pytest.param({"type": "context", "elements": []}, "/blocks/0/elements", id="context empty"),
        pytest.param(
            actions(*(button(action_id=str(n)) for n in range(26))), "/blocks/0/elements", id="actions 25"
        ),
        pytest.param(actions(button(), button()), "/blocks/0", id="action_id twice in a block"),
        pytest.param(
            actions(button(action_id="x" * 256)), "/blocks/0/elements/0/action_id", id="action_id 255"
        ),
        pytest.param({**SECTION, "block_id": "x" * 256}, "/blocks/0/block_id", id="block_id 255"),
        pytest.param(actions(button(text=plain("x" * 76))), "/blocks/0/elements/0/text/text", id="button 75"),
        pytest.param(
            actions(button(text=mrkdwn("x"))), "/blocks/0/elements/0/text/type", id="button is plain"
        ),
        pytest.param(actions(button(value="x" * 2001)), "/blocks/0/elements/0/value", id="value 2000"),
        pytest.param(actions(button(url="x" * 3001)), "/blocks/0/elements/0/url", id="url 3000"),
        pytest.param(actions(button(style="blue")), "/blocks/0/elements/0/style", id="style"),
        pytest.param(
            actions(button(accessibility_label="x" * 76)),
            "/blocks/0/elements/0/accessibility_label",
            id="label",
        ),
        pytest.param(
            actions(button(confirm={**CONFIRM, "title": plain("x" * 101)})),
            "/blocks/0/elements/0/confirm/title/text",
            id="confirm title 100",
        ),
        pytest.param(
            actions(button(confirm={**CONFIRM, "text": plain("x" * 301)})),
            "/blocks/0/elements/0/confirm/text/text",
            id="confirm text 300",
        ),
        pytest.param(
            actions(button(confirm={**CONFIRM, "deny": plain("x" * 31)})),
            "/blocks/0/elements/0/confirm/deny/text",
            id="confirm buttons 30",
        ),
        pytest.param(
            actions({"type": "overflow", "action_id": "o", "options": [option()] * 6}),
            "/blocks/0/elements/0/options",
            id="overflow 5",
        ),
        pytest.param(
            actions({"type": "static_select", "action_id": "s", "options": [option()] * 101}),
            "/blocks/0/elements/0/options",
            id="select 100",
        ),
        pytest.param(
            actions({"type": "static_select", "action_id": "s", "options": [option(text="x" * 76)]}),
            "/blocks/0/elements/0/options/0/text/text",
            id="option 75",
        ),
        pytest.param(actions({"type": "static_select", "action_id": "s"}), "/blocks/0/elements/0", id="none"),
        pytest.param(
            actions({"type": "plain_text_input", "action_id": "i"}), "/blocks/0/elements/0/type", id="input"
        ),
        pytest.param(actions(button(url="not an address")), "/blocks/0/elements/0/url", id="url"),
        pytest.param(
            actions({"type": "timepicker", "action_id": "t", "initial_time": "25:00"}),
            "/blocks/0/elements/0/initial_time",
            id="initial_time",
        ),
        pytest.param(
            actions(
                {
                    "type": "static_select",
                    "action_id": "s",
                    "options": [option()],
                    "initial_option": option("other"),
                }
            ),
            "/blocks/0/elements/0/initial_option",
            id="initial_option is offered",
        ),
        pytest.param(
            actions(
                {
                    "type": "checkboxes",
                    "action_id": "c",
                    "options": [option()],
                    "initial_options": [option(), option("v", "in other words")],
                }
            ),
            "/blocks/0/elements/0/initial_options/1",
            id="initial_options are offered",
        ),
    ],
)
def test_a_block_that_slack_refuses(block: dict[str, Any], pointer: str) -> None:
    """The mistake is named once, with a pointer to its place."""
    problems = check_message_blocks([block])

    assert len(problems) == 1
    assert problems[0].endswith(f"[json-pointer:{pointer}]")


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([SECTION] * 51, id="51 blocks"),
        pytest.param([{**SECTION, "block_id": "a"}, {**SECTION, "block_id": "a"}], id="block_id twice"),
    ],
)
def test_messages_that_slack_refuses_as_a_whole(blocks: list[dict[str, Any]]) -> None:
    """Counts and uniqueness concern the whole message."""
    assert check_message_blocks(blocks)


def test_equal_action_ids_in_different_blocks_pass() -> None:
    """Slack demands uniqueness of `action_id` within a block only."""
    assert check_message_blocks([actions(button()), actions(button())]) == []


def test_what_slack_sdk_builds_passes() -> None:
    """slack_sdk's own objects, at their limits, are accepted."""
    confirm = ConfirmObject(
        title="x" * 100, text=MarkdownTextObject(text="x" * 300), confirm="y" * 30, deny="n" * 30
    )
    options = [Option(value=str(n), text="x" * 75) for n in range(100)]
    blocks = [
        HeaderBlock(text="x" * 150),
        SectionBlock(
            text="x" * 3000,
            accessory=OverflowMenuElement(action_id="more", options=options[:5], confirm=confirm),
        ),
        SectionBlock(fields=["x" * 2000] * 10),
        ContextBlock(elements=[MarkdownTextObject(text="small")] * 10),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="x" * 75, action_id="b", value="x" * 2000, style="danger", confirm=confirm
                ),
                StaticSelectElement(action_id="s", placeholder="Pick", options=options),
            ]
        ),
        InputBlock(label="Note", element=PlainTextInputElement(action_id="i", multiline=True)),
    ]

    assert check_message_blocks([block.to_dict() for block in blocks]) == []


MODAL: dict[str, Any] = {"type": "modal", "title": plain("T"), "blocks": [SECTION]}
INPUT = {
    "type": "input",
    "label": plain("L"),
    "element": {"type": "plain_text_input", "action_id": "i"},
}


@pytest.mark.parametrize(
    ("view", "wanted", "words"),
    [
        pytest.param({**MODAL, "title": plain("x" * 25)}, "modal", "less than 25", id="title 24"),
        pytest.param({**MODAL, "blocks": [SECTION] * 101}, "modal", "no more than 100", id="100 blocks"),
        pytest.param({**MODAL, "blocks": [INPUT]}, "modal", "missing required field: submit", id="submit"),
        pytest.param({**MODAL, "private_metadata": "x" * 3001}, "modal", "less than 3001", id="metadata"),
        pytest.param({**MODAL, "callback_id": "x" * 256}, "modal", "less than 256", id="callback_id"),
        pytest.param({"type": "modal", "blocks": []}, "modal", "missing required field: title", id="title"),
        pytest.param(MODAL, "home", "must be a home", id="a modal is no home"),
        pytest.param({"type": "page"}, "modal", "unsupported type: page", id="unknown view"),
        pytest.param("modal", "modal", "must be an object", id="no object"),
    ],
)
def test_a_view_that_slack_refuses(view: Any, wanted: str, words: str) -> None:
    """Views have limits of their own."""
    assert any(words in problem for problem in check_view(view, wanted))


def test_typeahead_answers_are_checked() -> None:
    """At most 100 options of 75 characters."""
    assert check_options({"options": [option()] * 100}) == []
    assert check_options({"options": [option()] * 101})
    assert check_options({"options": [option(text="x" * 76)]})


def test_ids_that_are_missing_are_given() -> None:
    """Blocks and elements without IDs get some; those that have one keep it."""
    (filled, kept) = with_ids(
        [actions({"type": "button", "text": plain("x")}), {**SECTION, "block_id": "mine"}]
    )

    assert filled["block_id"]
    assert filled["elements"][0]["action_id"]
    assert kept["block_id"] == "mine"


SCRAPS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["section", "actions", "button", "modal", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "elements", "blocks", "element", "options", "block_id", "title"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(value=SCRAPS)
def test_nonsense_is_refused_and_never_breaks_the_server(value: Any) -> None:
    """Whatever JSON comes, the checks name mistakes; they do not fail themselves."""
    assert all("json-pointer" in each for each in check_message_blocks([value]))
    assert all("json-pointer" in each for each in (*check_view(value, "modal"), *check_options(value)))


def test_a_button_is_found_after_an_edit_has_renamed_its_block() -> None:
    """Its question was open while the message was drawn anew: the person meant the button that is there now."""
    edited = [{"type": "actions", "block_id": "new", "elements": [button()]}]
    assert find_element(edited, "go", "old").block["block_id"] == "new"
    with pytest.raises(LookupError):
        find_element(edited, "gone", "old")


KEPT = Path(__file__).parents[1] / "samples" / "messages"
STATIC = Path(blockkit.__file__).parents[2] / "page" / "static"


def test_whatever_the_bot_says_is_accepted() -> None:
    """Every kept message, modal and Home tab."""
    mistakes = {}
    for path in sorted(KEPT.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        kind = kept.get("type")
        mistakes[path.stem] = check_view(kept, kind) if kind else check_message_blocks(kept["blocks"])
    assert len(mistakes) > 100
    assert {name: found for name, found in mistakes.items() if found} == {}


@pytest.mark.parametrize(
    ("script", "kinds"), [("blocks.js", {*BLOCKS}), ("elements.js", {*INTERACTIVE, "plain_text_input"})]
)
def test_the_page_draws_what_is_accepted(script: str, kinds: set[str]) -> None:
    """Each kind of block and element has a function in the page's tables."""
    table = (STATIC / script).read_text(encoding="utf-8").partition("const DRAW = {")[2]
    assert kinds <= set(re.findall(r"^  (\w+)[:(,]", table, re.MULTILINE))
