"""Reads Slack's payloads into frozen values. The only place that knows how Slack nests them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain import ChannelId, TeamId, UserId

_NO_CHANNEL = ChannelId("")
HOME_OPENED = "app_home_opened"


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The workspace that the app is installed in, and who the app is there."""

    team_id: TeamId
    enterprise_id: str
    bot_user_id: UserId
    app_name: str

    def is_ours(self, person: Person) -> bool:
        """Clicks of people of other organisations arrive, too, through shared channels.

        In an Enterprise Grid all of its workspaces are ours; a person's team may be given as the enterprise itself.
        """
        is_colleague = bool(self.enterprise_id) and person.enterprise_id == self.enterprise_id
        return is_colleague or person.team_id in {self.team_id, self.enterprise_id} - {""}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """`team_id` is empty where a payload does not tell it, `enterprise_id` also where there is none."""

    user_id: UserId
    team_id: str
    enterprise_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """What all payloads have: who, in which channel, and where to answer. Empty where Slack does not say."""

    person: Person
    channel_id: ChannelId = _NO_CHANNEL
    response_url: str = ""

    @property
    def where(self) -> str:
        """The command, button, form or event."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed(Incoming):
    """A slash command. `command` is as typed, with whatever prefix this installation's commands have."""

    command: str
    text: str
    trigger_id: str

    @property
    def where(self) -> str:
        return self.command


@dataclass(frozen=True, kw_only=True, slots=True)
class Clicked(Incoming):
    """A click on a button or a choice from a menu, in a message or on the Home tab.

    `channel_id`, `message_ts` and `response_url` are empty on the Home tab and in modals. `ephemeral` messages can
    be replaced only through the response URL. `view_kind` is `home` or `modal`. `offered` is what the menus of a
    message in a channel offer, by their action IDs: a button beside one can be about all of that, which would not
    fit into its own value.
    """

    action_id: str
    value: str
    message_ts: str
    thread_ts: str
    ephemeral: bool
    trigger_id: str
    view_id: str
    view_kind: str = ""
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return self.action_id

    @property
    def is_private(self) -> bool:
        """Only this person sees the message with the button, so an answer may replace it."""
        return self.ephemeral or bool(self.view_id)

    @property
    def thread(self) -> str:
        """Of the message in the channel with the button; "" where only this person sees it."""
        return "" if self.is_private else self.thread_ts or self.message_ts


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted(Incoming):
    """A modal that was sent off: its fields by block, and what it carries."""

    callback_id: str
    private_metadata: str
    view_id: str
    fields: Mapping[str, Field]

    @property
    def where(self) -> str:
        return self.callback_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What a person put into one input: text, or the values chosen."""

    text: str = ""
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched(Incoming):
    """Somebody types into a menu that looks things up, on the Home tab or in a form."""

    action_id: str
    words: str

    @property
    def where(self) -> str:
        return self.action_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened(Incoming):
    """An event: the Home tab was opened, a channel was archived, the bot was invited.

    `old_channel_id` is what a channel was called until then, where that has changed.
    """

    kind: str
    tab: str
    old_channel_id: ChannelId = _NO_CHANNEL

    @property
    def where(self) -> str:
        return self.kind


def typed(body: Mapping[str, Any]) -> Typed:
    return Typed(
        person=Person(
            user_id=UserId(body["user_id"]),
            team_id=body.get("team_id", ""),
            enterprise_id=body.get("enterprise_id") or "",
        ),
        channel_id=ChannelId(body.get("channel_id", "")),
        command=body["command"],
        text=body.get("text", ""),
        response_url=body.get("response_url", ""),
        trigger_id=body.get("trigger_id", ""),
    )


def clicked(body: Mapping[str, Any]) -> Clicked:
    action, container = body["actions"][0], body.get("container", {})
    chosen = action.get("selected_option") or {}
    return Clicked(
        person=person_in(body),
        action_id=action["action_id"],
        value=action.get("value") or chosen.get("value", ""),
        channel_id=ChannelId((body.get("channel") or {}).get("id") or container.get("channel_id", "")),
        message_ts=container.get("message_ts", ""),
        thread_ts=container.get("thread_ts") or (body.get("message") or {}).get("thread_ts", ""),
        ephemeral=bool(container.get("is_ephemeral")),
        response_url=body.get("response_url", ""),
        trigger_id=body.get("trigger_id", ""),
        view_id=(body.get("view") or {}).get("id", ""),
        view_kind=(body.get("view") or {}).get("type", ""),
        offered=_offered((body.get("message") or {}).get("blocks", ())),
    )


def submitted(body: Mapping[str, Any]) -> Submitted:
    view = body["view"]
    return Submitted(
        person=person_in(body),
        callback_id=view.get("callback_id", ""),
        private_metadata=view.get("private_metadata", ""),
        view_id=view.get("id", ""),
        fields={
            block_id: _field(next(iter(inputs.values()), {}))
            for block_id, inputs in view.get("state", {}).get("values", {}).items()
        },
    )


def searched(body: Mapping[str, Any]) -> Searched:
    return Searched(person=person_in(body), action_id=body.get("action_id", ""), words=body.get("value", ""))


def happened(body: Mapping[str, Any]) -> Happened:
    """The Home tab is no channel, though its event names the direct message beside it.

    The team outside of the event is the one that installed the app: it says nothing about the person.
    """
    event = body["event"]
    channel = event.get("channel") or event.get("new_channel_id", "")
    if event["type"] == HOME_OPENED:
        channel = ""
    return Happened(
        kind=event["type"],
        person=Person(
            user_id=UserId(_user_id(event)), team_id=event.get("user_team") or event.get("team") or ""
        ),
        channel_id=ChannelId(channel["id"] if isinstance(channel, dict) else channel),
        tab=event.get("tab", ""),
        old_channel_id=ChannelId(event.get("old_channel_id", "")),
    )


def _offered(blocks: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {
        element["action_id"]: tuple(option["value"] for option in element.get("options", ()))
        for block in blocks
        if block.get("type") == "actions"
        for element in block.get("elements", ())
        if element.get("type") == "static_select"
    }


def person_in(body: Mapping[str, Any]) -> Person:
    """The enterprise in a payload is that of its team, which need not be the person's."""
    user, team = body["user"], body.get("team") or {}
    team_id = user.get("team_id", "")
    enterprise = (body.get("enterprise") or {}).get("id") or team.get("enterprise_id") or ""
    return Person(
        user_id=UserId(user["id"]),
        team_id=team_id,
        enterprise_id=enterprise if team_id and team.get("id") == team_id else "",
    )


def _user_id(event: Mapping[str, Any]) -> str:
    user = event.get("user", "")
    return str(user.get("id", "") if isinstance(user, dict) else user)


def _field(state: Mapping[str, Any]) -> Field:
    options = state.get("selected_options") or (
        [state["selected_option"]] if state.get("selected_option") else []
    )
    text = state.get("value") or state.get("selected_time") or state.get("selected_conversation") or ""
    return Field(
        text=text, chosen=(*(option["value"] for option in options), *state.get("selected_users", ()))
    )
