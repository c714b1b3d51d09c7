"""The elements that stand inside blocks: buttons, selects, inputs. Their limits are slack_sdk's constants."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from slack_sdk.models.blocks import (
    ButtonElement,
    ConfirmObject,
    ImageElement,
    InteractiveElement,
    Option,
    OptionGroup,
    OverflowMenuElement,
    StaticSelectElement,
)

from bot.sandbox.slack.blockkit.checks import (
    Check,
    Shapes,
    anything,
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
_TEXT_INPUT_LONGEST = 3000

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
_GROUPS = items(
    record(
        {
            "label": plain(OptionGroup.label_max_length),
            "options": items(_SELECT_OPTION, OptionGroup.options_max_length),
        }
    ),
    StaticSelectElement.option_groups_max_length,
)


def _element(
    required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None
) -> Check:
    shared = {"action_id": _ACTION_ID, "confirm": _CONFIRM, "focus_on_load": of_type(bool)}
    return record(required, shared | dict(optional or {}))


def _static_select(**more: Check) -> Check:
    fields = _element(
        None, {"placeholder": _PLACEHOLDER, "options": _OPTIONS, "option_groups": _GROUPS, **more}
    )

    def check(value: Any, at: str) -> Iterator[str]:
        yield from fields(value, at)
        if ("options" in value) == ("option_groups" in value):
            yield problem("must have exactly one of options and option_groups", at)

    return _initially_among(check)


def _initially_among(fields: Check) -> Check:
    """What is chosen at first must be among what can be chosen."""

    def check(value: Any, at: str) -> Iterator[str]:
        if found := list(fields(value, at)):
            yield from found
            return
        groups = value.get("option_groups", ())
        offered = [*value.get("options", ()), *(option for group in groups for option in group["options"])]
        known = {_identity(option) for option in offered}
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


def _text_input(**more: Check) -> Check:
    lengths = {"min_length": of_type(int), "max_length": of_type(int)}
    config = record(
        None, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)}
    )
    return _element(
        None,
        {
            "placeholder": _PLACEHOLDER,
            "initial_value": string(_TEXT_INPUT_LONGEST, least=0),
            "dispatch_action_config": config,
            **lengths,
            **more,
        },
    )


_IDS = items(string(255), 100, least=0)
_MANY: Mapping[str, Check] = MappingProxyType({"max_selected_items": of_type(int)})
_LISTED: Mapping[str, Check] = MappingProxyType({"options": items(_LISTED_OPTION, 10)})
_DATE = shaped(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "date", 10)
_TIME = shaped(r"([01]\d|2[0-3]):[0-5]\d", "time", 5)
_IMAGE = record(
    {"alt_text": string(ImageElement.alt_text_max_length)},
    {"image_url": url(ImageElement.image_url_max_length, schemes="https?"), "slack_file": anything},
)

INTERACTIVE: Shapes = MappingProxyType(
    {
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
                    _option(plain(Option.label_max_length), url=True),
                    OverflowMenuElement.options_max_length,
                )
            }
        ),
        "static_select": _static_select(initial_option=_SELECT_OPTION),
        "multi_static_select": _static_select(initial_options=_OPTIONS, **_MANY),
        "external_select": _select(initial_option=_SELECT_OPTION, min_query_length=of_type(int)),
        "multi_external_select": _select(initial_options=_OPTIONS, min_query_length=of_type(int), **_MANY),
        "users_select": _select(initial_user=string(255)),
        "multi_users_select": _select(initial_users=_IDS, **_MANY),
        "channels_select": _select(initial_channel=string(255), response_url_enabled=of_type(bool)),
        "multi_channels_select": _select(initial_channels=_IDS, **_MANY),
        "conversations_select": _select(
            initial_conversation=string(255),
            default_to_current_conversation=of_type(bool),
            response_url_enabled=of_type(bool),
            filter=anything,
        ),
        "multi_conversations_select": _select(
            initial_conversations=_IDS,
            default_to_current_conversation=of_type(bool),
            filter=anything,
            **_MANY,
        ),
        "checkboxes": _initially_among(_element(_LISTED, {"initial_options": items(_LISTED_OPTION, 10)})),
        "radio_buttons": _initially_among(_element(_LISTED, {"initial_option": _LISTED_OPTION})),
        "datepicker": _select(initial_date=_DATE),
        "timepicker": _select(initial_time=_TIME, timezone=string(255)),
        "datetimepicker": _element(None, {"initial_date_time": of_type(int)}),
    }
)
"""What may stand in an actions block or beside a section."""

TYPED: Shapes = MappingProxyType(
    {
        "plain_text_input": _text_input(multiline=of_type(bool)),
        "email_text_input": _text_input(),
        "url_text_input": _text_input(),
        "number_input": _text_input(
            is_decimal_allowed=of_type(bool), min_value=string(255), max_value=string(255)
        ),
    }
)
"""What may stand only in an input block."""

ACCESSORY = by_type({**INTERACTIVE, "image": _IMAGE})
INPUT = by_type(
    {**{name: shape for name, shape in INTERACTIVE.items() if name not in {"button", "overflow"}}, **TYPED}
)
ACTION = by_type(INTERACTIVE)
CONTEXT_ELEMENT = by_type(
    {
        "image": _IMAGE,
        "plain_text": record({"text": string(3000)}, {"emoji": of_type(bool)}),
        "mrkdwn": record({"text": string(3000)}, {"verbatim": of_type(bool)}),
    }
)


def check_options(answer: Any) -> list[str]:
    """Mistakes in the answer to a `block_suggestion`."""
    shape = record(None, {"options": items(_SELECT_OPTION, 100, least=0), "option_groups": _GROUPS})
    return list(shape(answer, ""))
