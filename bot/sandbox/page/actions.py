"""What a browser may request: acting as a person in Slack, controlling mails and switching faults."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox.page.faults import Healer, Trouble, Where
from bot.sandbox.page.mails import mail_controls
from bot.sandbox.page.stage import Stage
from bot.sandbox.slack import Answered, Outcome, as_json

_INVITE = re.compile(r"/(invite|kick|remove)\b")


class Actions:
    """Each action takes JSON arguments and returns JSON."""

    def __init__(self, stage: Stage, troubles: tuple[Trouble, ...]) -> None:
        self._people = stage.slack.people
        self._controls = mail_controls(stage)
        self._troubles = {trouble.key: trouble for trouble in troubles}
        people = self._people
        self._actions: Mapping[str, Callable[..., Awaitable[object]]] = {
            "type_command": self._type_command,
            "post_message": people.post_message,
            "open_messages": people.open_messages,
            "use_shortcut": people.use_shortcut,
            "click": people.click,
            "suggest": people.suggest,
            "submit_view": people.submit_view,
            "close_view": people.close_view,
            "open_home": people.open_home,
            "delete_message": self._delete_message,
            "mail": self._mail,
            "trouble": self._trouble,
            "heal": Healer(stage).heal,
        }

    async def do(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run one action. Raises LookupError or ValueError with a message for the person."""
        verb = self._actions.get(name)
        if verb is None:
            raise LookupError(f"the sandbox has no verb {name}")
        try:
            bound = inspect.signature(verb).bind(**arguments)
        except TypeError as wrong:
            raise ValueError(str(wrong)) from wrong
        return as_json(await verb(*bound.args, **bound.kwargs))

    async def _type_command(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> object:
        """Slack's own commands, as far as they matter here, are Slack's; all others are the app's."""
        own = _INVITE.match(text)
        if own is None:
            return await self._people.type_command(user, channel, text, thread_ts=thread_ts)
        if own[1] == "invite":
            await self._people.invite_bot(user, channel)
        else:
            await self._people.remove_bot(user, channel)
        return Outcome(answered=Answered.NOT_SENT)

    async def _delete_message(self, channel: str, ts: str) -> bool:
        await self._people.delete_message(channel, ts)
        return True

    async def _mail(self, mail_id: str, what: str) -> bool:
        control = self._controls.get(what)
        if control is None:
            raise LookupError(f"there is no control {what}")
        control(mail_id)
        return True

    async def _trouble(self, key: str, user: str, channel: str) -> object:
        trouble = self._troubles.get(key)
        if trouble is None:
            raise LookupError(f"there is no trouble {key}")
        done = trouble.press(Where(user=user, channel=channel))
        return (await done if inspect.isawaitable(done) else done) or True
