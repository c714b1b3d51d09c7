"""The modals, and what was filled into them. The channel travels in a modal's private metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time, timedelta

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    ExternalDataMultiSelectElement,
    InputBlock,
    Option,
    PlainTextObject,
    RadioButtonsElement,
    StaticMultiSelectElement,
    StaticSelectElement,
    TimePickerElement,
)
from slack_sdk.models.views import View

from bot.domain import (
    DEFAULT_GRACE,
    EVERY_DAY,
    EVERY_EVENT,
    WORKDAYS,
    ChannelId,
    DueTime,
    Event,
    Mail,
    MailId,
    UsageError,
    Wish,
)
from bot.domain.roll_call import RollCallPlan
from bot.mails.references import MAX_MAILS_AT_ONCE
from bot.mails.text_normalisation import displayed
from bot.slack.commands import EXAMPLE_NAME, Verb
from bot.slack.kit.actions import OldButton
from bot.slack.kit.blocks import option, section, small
from bot.slack.kit.text import code, duration, label_of
from bot.slack.payloads import Field
from bot.slack.views.on_call_form import AGAIN, CALLS, again_input, chosen_on_call, on_call_input

STATUS_FORM = "mail_status_form"
SUBSCRIBE_FORM = "mail_subscribe_form"
UNSUBSCRIBE_FORM = "mail_unsubscribe_form"
HISTORY_FORM, RUN_FORM = "mail_history_form", "mail_run_form"
DIGEST_FORM = "mail_digest_form"
SEARCH = "mail_search"  # the action ID of every typeahead over the directory
_MOST_ASKED = 20  # each has a line with a button in the answer
_MOST_OPTIONS = 100  # of a menu, by Slack's limit
_CHOOSERS = {
    Verb.HISTORY: (HISTORY_FORM, "Recent runs", "Show"),
    Verb.RUN: (RUN_FORM, "Send a mail again", "Next"),
}
DUE = "due"  # the action ID of the time in the form, too
_MAILS, _EVENTS, _DAYS, _GRACE = "mails", "events", "days", "grace"
_BY_OWNER = "You can also search by owner or ID."
_EVENT_LABELS = {
    Event.FAILED: "It fails",
    Event.STUCK: "It gets stuck",
    Event.LATE: "It does not go out when it should",
    Event.RECOVERED: "It recovers",
}
_USUAL_DAYS = "weekdays"
_DAY_SETS = {"daily": ("Every day", EVERY_DAY), "weekdays": ("Monday to Friday", WORKDAYS)}
_GRACES = (5, 15, 30, 60, 120)  # minutes


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a form was asked for: its answers go back there."""

    channel_id: ChannelId
    response_url: str

    def to_text(self) -> str:
        return json.dumps({"channel_id": self.channel_id, "response_url": self.response_url})

    @classmethod
    def from_text(cls, text: str) -> Origin:
        """Raises ValueError for what no form of ours carries."""
        kept = json.loads(text)
        return cls(channel_id=ChannelId(kept["channel_id"]), response_url=kept["response_url"])


def status_form(origin: Origin) -> View:
    return _modal(STATUS_FORM, "Mail status", "Check", origin, [_mails_input(_BY_OWNER)])


def choose_form(verb: Verb, origin: Origin) -> View:
    """One mail, for `/mail-history` and `/mail-run`."""
    callback_id, title, submit = _CHOOSERS[verb]
    return _modal(callback_id, title, submit, origin, [_mails_input(_BY_OWNER, most=1)])


def unsubscribe_form(origin: Origin, mails: Sequence[tuple[MailId, Mail | None]]) -> View:
    """The channel's own mails, by name. A menu takes 100; the others can be typed."""
    shown = sorted(mails, key=lambda each: label_of(*each).casefold())[:_MOST_OPTIONS]
    options = [option(label_of(mail_id, mail), mail_id) for mail_id, mail in shown]
    more = len(mails) - len(shown)
    mails_input = InputBlock(
        block_id=_MAILS,
        label="Which mails?",
        hint=f"{more:,} more do not fit into this menu: type the name after the command." if more else None,
        element=StaticMultiSelectElement(
            action_id=_MAILS, placeholder="Choose mails", options=options, focus_on_load=True
        ),
    )
    told = section(f"<#{origin.channel_id}> will no longer be told about these mails.")
    return _modal(UNSUBSCRIBE_FORM, "Unsubscribe", "Unsubscribe", origin, [told, mails_input])


def subscribe_form(origin: Origin, *, zone_name: str, filled: frozenset[str] = frozenset()) -> View:
    """Short, for most people set no time and call nobody: what belongs to these follows once they are `filled` in."""
    events = {event: option(label, event) for event, label in _EVENT_LABELS.items()}
    return _modal(
        SUBSCRIBE_FORM,
        "Subscribe a channel",
        "Subscribe",
        origin,
        [
            section(f"<#{origin.channel_id}> is told once, in one message that I keep up to date."),
            _mails_input(most=MAX_MAILS_AT_ONCE, focus=not filled),
            InputBlock(
                block_id=_EVENTS,
                label="Tell this channel when",
                element=CheckboxesElement(
                    action_id=_EVENTS, options=list(events.values()), initial_options=list(events.values())
                ),
            ),
            InputBlock(
                block_id=DUE,
                label="Must have started by",
                hint=f"The time zone is {zone_name}."
                if DUE in filled
                else "Without one I learn when it starts.",
                optional=True,
                dispatch_action=True,
                element=TimePickerElement(action_id=DUE, placeholder="No fixed time"),
            ),
            *(_about_the_time() if DUE in filled else ()),
            on_call_input(),
            *((again_input(),) if CALLS in filled else ()),
            small(
                "If it is subscribed already, a time and people left empty stay as they are; the ticks are replaced"
            ),
        ],
    )


def _about_the_time() -> tuple[InputBlock, InputBlock]:
    graces = {each: option(f"{duration(timedelta(minutes=each))} later", str(each)) for each in _GRACES}
    return (
        _days_input(_USUAL_DAYS),
        InputBlock(
            block_id=_GRACE,
            label="Call it late",
            element=StaticSelectElement(
                action_id=_GRACE,
                options=list(graces.values()),
                initial_option=graces[round(DEFAULT_GRACE.total_seconds() / 60)],
            ),
        ),
    )


def _days_input(chosen: str) -> InputBlock:
    days = {key: option(label, key) for key, (label, _) in _DAY_SETS.items()}
    return InputBlock(
        block_id=_DAYS,
        label="On which days?",
        element=RadioButtonsElement(
            action_id=_DAYS, options=list(days.values()), initial_option=days[chosen]
        ),
    )


def newly_filled(fields: Mapping[str, Field]) -> frozenset[str] | None:
    """What is filled in, if the form must be drawn again for that; None where it is right."""
    time_of, people = fields.get(DUE, Field()), fields.get(CALLS, Field())
    is_filled = {DUE: bool(time_of.text), CALLS: bool(people.chosen)}
    if is_filled == {DUE: _DAYS in fields, CALLS: AGAIN in fields}:
        return None
    return frozenset(block for block, has_any in is_filled.items() if has_any)


def digest_form(origin: Origin, *, plan: RollCallPlan | None, zone_name: str) -> View:
    """When the channel's daily message comes. `zone_name` is the person's, where the channel has none yet."""
    known = next((key for key, (_, each) in _DAY_SETS.items() if plan and each == plan.weekdays), _USUAL_DAYS)
    return _modal(
        DIGEST_FORM,
        "Daily message",
        "Save",
        origin,
        [
            section(f"One message a day tells <#{origin.channel_id}> how its report mails are doing."),
            InputBlock(
                block_id=DUE,
                label="Post it at",
                hint=f"The time zone is {zone_name}.",
                element=TimePickerElement(
                    action_id=DUE, initial_time=f"{plan.at:%H:%M}" if plan else "09:15"
                ),
            ),
            _days_input(known),
            *([small(f"To stop it, type {code(f'/{Verb.DIGEST} off')}")] if plan else []),
        ],
    )


def digest_time(fields: Mapping[str, Field]) -> tuple[time, frozenset[int]]:
    """Read that form. Raises OldButton for what no form of this version sends."""
    with _of_this_version():
        return time.fromisoformat(fields[DUE].text), _DAY_SETS[fields[_DAYS].chosen[0]][1]


def _mails_input(hint: str | None = None, *, most: int = _MOST_ASKED, focus: bool = True) -> InputBlock:
    return InputBlock(
        block_id=_MAILS,
        label="Which mails?" if most > 1 else "Which mail?",
        hint=hint,
        element=ExternalDataMultiSelectElement(
            action_id=SEARCH,
            placeholder="Type some letters of a name",
            min_query_length=1,
            max_selected_items=most,
            focus_on_load=focus,
        ),
    )


def mail_option(mail: Mail) -> Option:
    owner = f" · {mail.owner_name}" if mail.owner_name else ""
    return option(
        f"{displayed(mail.name) or mail.mail_id}{owner}{' (paused)' if mail.paused else ''}", mail.mail_id
    )


def id_option(mail_id: str) -> Option:
    """For a mail that the list does not have: perhaps this account may see it all the same."""
    return option(f"Use the ID {mail_id}", mail_id)


def chosen_mails(fields: Mapping[str, Field]) -> tuple[MailId, ...]:
    """Raises UsageError where none was chosen."""
    chosen = fields[_MAILS].chosen if _MAILS in fields else ()
    if not chosen:
        raise UsageError("No mail was chosen in the form.", example=f"/{Verb.STATUS} {EXAMPLE_NAME}")
    return tuple(dict.fromkeys(map(MailId, chosen)))


def wish_of(fields: Mapping[str, Field]) -> Wish:
    """Read a subscription form. Raises UsageError, or OldButton for what no form of this version sends."""
    with _of_this_version():
        events = frozenset(Event(value) for value in fields[_EVENTS].chosen)
        return Wish(
            mail_ids=chosen_mails(fields),
            events=events or EVERY_EVENT,
            due=_due(fields),
            on_call=chosen_on_call(fields),
        )


@contextmanager
def _of_this_version() -> Iterator[None]:
    try:
        yield
    except (LookupError, ValueError) as error:
        raise OldButton("a form of another version") from error


def _due(fields: Mapping[str, Field]) -> DueTime | None:
    at = fields[DUE].text if DUE in fields else ""
    if not at:
        return None
    days = fields[_DAYS].chosen if _DAYS in fields else ()
    grace = fields[_GRACE].chosen if _GRACE in fields else ()
    return DueTime(
        at=time.fromisoformat(at),
        weekdays=_DAY_SETS[days[0] if days else _USUAL_DAYS][1],
        grace=timedelta(minutes=int(grace[0])) if grace else DEFAULT_GRACE,
    )


def _modal(callback_id: str, title: str, submit: str, origin: Origin, blocks: Sequence[Block]) -> View:
    return View(
        type="modal",
        callback_id=callback_id,
        title=PlainTextObject(text=title),
        submit=PlainTextObject(text=submit),
        close=PlainTextObject(text="Cancel"),
        private_metadata=origin.to_text(),
        blocks=list(blocks),
    )
