"""What every action of a person needs: who acts, where, and what they see there."""

from collections.abc import Iterable

from bot.sandbox.slack.deliveries import Deliveries
from bot.sandbox.slack.model import Channel, Json, Message, User, View
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import HOME_TEAM


class Actor:
    """A person in front of Slack. Remembers what typeaheads offered: it may be chosen from several searches."""

    def __init__(self, site: Site, deliveries: Deliveries) -> None:
        self._site = site
        self._deliveries = deliveries
        self._offered: dict[tuple[str, str], dict[str, Json]] = {}

    def _offers(self, person: User, element: Json) -> list[Json]:
        """Every option that this typeahead has offered to this person."""
        return list(self._offered.get((person.id, element["action_id"]), {}).values())

    def _remember_offers(self, person: User, element: Json, options: Iterable[Json]) -> None:
        """The newest words for a value count."""
        known = self._offered.setdefault((person.id, element["action_id"]), {})
        known.update({option["value"]: option for option in options})

    def _person(self, name: str) -> User:
        return self._site.workspace.user(name)

    def _channel(self, user: User, name: str) -> Channel:
        """A channel that this person is in."""
        channel = self._site.workspace.channel(name)
        if user.id not in channel.members:
            raise LookupError(f"{user.name} is not in {channel.name}")
        return channel

    def _message(self, user: User, channel: Channel, ts: str) -> Message:
        """A message that this person sees."""
        message = self._site.workspace.message(channel.id, ts)
        if message.ephemeral_for not in {None, user.id}:
            raise LookupError(f"{user.name} does not see {ts}")
        return message

    def _view(self, user: User, view_id: str) -> View:
        """A view on this person's screen."""
        view = self._site.screens.find(view_id)
        if view.user_id != user.id:
            raise LookupError(f"{user.name} does not see {view_id}")
        return view


def is_outsider(user: User) -> bool:
    """Does this person belong to another organisation?"""
    return user.team_id != HOME_TEAM
