"""The elements that stand inside blocks: buttons, selects, inputs. Their limits are slack_sdk's constants."""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.blocks import (
    ButtonElement,
    ConfirmObject,
    InteractiveElement,
    Option,
    OverflowMenuElement,
    StaticSelectElement,
)

from bot.sandbox.slack.blockkit.checks import (
    Check,
    Shapes,
    by_type,
    items,
    of_type,
    one_of,
    plain,
    problem,
    record,
    shaped,
    string,
    url,
    words,
)
from bot.sandbox.slack.model import Json

_ACTION_ID = string(InteractiveElement.action_id_max_length)
_PLACEHOLDER = plain(150)
_URL = url(ButtonElement.url_max_length)

_CONFIRM = record(
    {
        "title": plain(ConfirmObject.title_max_length),
        "text": words(ConfirmObject.text_max_length),
        "confirm": plain(ConfirmObject.confirm_max_length),
        "deny": plain(ConfirmObject.deny_max_length),
    },
    {"style": one_of("primary", "danger")},
)


def _option(label: Check, *, url: bool = False) -> Check:
    more = {"description": words(Option.label_max_length)}
    return record(
        {"text": label, "value": string(Option.value_max_length)}, more | ({"url": _URL} if url else {})
    )


_SELECT_OPTION = _option(plain(Option.label_max_length))
_LISTED_OPTION = _option(words(Option.label_max_length))
_OPTIONS = items(_SELECT_OPTION, StaticSelectElement.options_max_length)


def _element(
    required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None
) -> Check:
    shared = {"action_id": _ACTION_ID, "confirm": _CONFIRM, "focus_on_load": of_type(bool)}
    return record(required, shared | dict(optional or {}))


def _initially_among(fields: Check) -> Check:
    """What is chosen at first must be among what can be chosen."""

    def check(value: Any, at: str) -> Iterator[str]:
        if found := list(fields(value, at)):
            yield from found
            return
        known = {_identity(option) for option in value["options"]}
        if "initial_option" in value and _identity(value["initial_option"]) not in known:
            yield problem("must be one of the provided options", f"{at}/initial_option")
        for number, option in enumerate(value.get("initial_options", ())):
            if _identity(option) not in known:
                yield problem("must be one of the provided options", f"{at}/initial_options/{number}")

    return check


def _identity(option: Json) -> tuple[str, str]:
    return option["value"], option["text"]["text"]


def _select(**more: Check) -> Check:
    return _element(None, {"placeholder": _PLACEHOLDER, **more})


_MANY: Mapping[str, Check] = {"max_selected_items": of_type(int)}
_LISTED: Mapping[str, Check] = {"options": items(_LISTED_OPTION, 10)}
_TIME = shaped(r"([01]\d|2[0-3]):[0-5]\d", "time", 5)

INTERACTIVE: Shapes = {
    "button": _element(
        {"text": plain(ButtonElement.text_max_length)},
        {
            "value": string(ButtonElement.value_max_length),
            "url": _URL,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(ButtonElement.text_max_length),
        },
    ),
    "overflow": _element(
        {
            "options": items(
                _option(plain(Option.label_max_length), url=True), OverflowMenuElement.options_max_length
            )
        }
    ),
    "static_select": _initially_among(
        _element({"options": _OPTIONS}, {"placeholder": _PLACEHOLDER, "initial_option": _SELECT_OPTION})
    ),
    "multi_static_select": _initially_among(
        _element({"options": _OPTIONS}, {"placeholder": _PLACEHOLDER, "initial_options": _OPTIONS, **_MANY})
    ),
    "external_select": _select(initial_option=_SELECT_OPTION, min_query_length=of_type(int)),
    "multi_external_select": _select(initial_options=_OPTIONS, min_query_length=of_type(int), **_MANY),
    "multi_users_select": _select(initial_users=items(string(64), 100), **_MANY),
    "checkboxes": _initially_among(_element(_LISTED, {"initial_options": items(_LISTED_OPTION, 10)})),
    "radio_buttons": _initially_among(_element(_LISTED, {"initial_option": _LISTED_OPTION})),
    "timepicker": _select(initial_time=_TIME),
}
"""What may stand in an actions block or beside a section."""

_TEXT_INPUT = _select(
    initial_value=string(3000, least=0),
    min_length=of_type(int),
    max_length=of_type(int),
    multiline=of_type(bool),
)
INPUT = by_type(
    {
        **{name: shape for name, shape in INTERACTIVE.items() if name not in {"button", "overflow"}},
        "plain_text_input": _TEXT_INPUT,
    }
)
ACTION = by_type(INTERACTIVE)
CONTEXT_ELEMENT = by_type(
    {
        "plain_text": record({"text": string(3000)}, {"emoji": of_type(bool)}),
        "mrkdwn": record({"text": string(3000)}, {"verbatim": of_type(bool)}),
    }
)


def check_options(answer: Any) -> list[str]:
    """Mistakes in the answer to a `block_suggestion`."""
    shape = record(None, {"options": items(_SELECT_OPTION, 100, least=0)})
    return list(shape(answer, ""))
