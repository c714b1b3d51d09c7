"""Turns a channel's daily message on and off."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from bot.domain import TeamId
from bot.domain.roll_call import RollCallPlan, RollCalls
from bot.domain.subscriptions import Posting
from bot.slack.command_names import NamesHeard
from bot.slack.commands import AskForm, AskHelp, EndDigest, SetDigest, Verb, parse
from bot.slack.handlers.forms import Forms
from bot.slack.payloads import Home, Submitted, Typed
from bot.slack.transport.channel_access import ChannelAccess
from bot.slack.transport.responders import Answer
from bot.slack.transport.users import Users
from bot.slack.views import help as guide
from bot.slack.views import roll_call as views
from bot.slack.views.forms import digest_time
from bot.slack.views.subscriptions import cannot_post

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class RollCallHandler:
    roll_calls: RollCalls
    forms: Forms
    users: Users
    channels: ChannelAccess
    home: Home
    commands: NamesHeard
    now: Callable[[], datetime]

    async def typed(self, typed: Typed, answer: Answer) -> None:
        match parse(Verb.DIGEST, typed.text, command=typed.command):
            case SetDigest(at=at, weekdays=weekdays, zone=zone):
                await self._set(typed, at, weekdays, zone, answer)
            case EndDigest():
                await self._end(typed, answer)
            case AskForm() if await self._opened(typed):
                return
            case AskForm() | AskHelp():
                await answer.send(guide.help_for(Verb.DIGEST, typed.command))
            case other:
                raise AssertionError(other)

    async def submitted(self, submitted: Submitted, answer: Answer) -> None:
        at, weekdays = digest_time(submitted.fields)
        plan = await self.roll_calls.get(submitted.channel_id)
        await self._set(submitted, at, weekdays, plan.zone if plan else "", answer)

    async def _opened(self, typed: Typed) -> bool:
        plan = await self.roll_calls.get(typed.channel_id)
        zone = plan.zone if plan else await self._zone_of(typed)
        return await self.forms.open_digest(typed, plan, zone)

    async def _set(
        self, who: Typed | Submitted, at: time, weekdays: frozenset[int], zone: str, answer: Answer
    ) -> None:
        posting = await self.channels.posting(who.channel_id)
        if posting not in {Posting.FINE, Posting.SHARED, Posting.UNKNOWN}:
            await answer.send(cannot_post(posting, self.home.app_name), replace=False)
            return
        plan = RollCallPlan(
            team_id=TeamId(who.person.team_id),
            channel_id=who.channel_id,
            created_by=who.person.user_id,
            created_at=self.now(),
            at=at,
            weekdays=weekdays,
            zone=zone or await self._zone_of(who),
        )
        await self.roll_calls.set(plan)
        _log.info("digest_set", extra=_who_where(who))
        await answer.send(views.plan_set(plan, who.person.user_id), replace=False, in_channel=True)

    async def _end(self, typed: Typed, answer: Answer) -> None:
        if not await self.roll_calls.remove(typed.channel_id, by=typed.person.user_id, now=self.now()):
            await answer.send(views.no_plan(self.commands.names))
            return
        _log.info("digest_ended", extra=_who_where(typed))
        await answer.send(views.plan_ended(typed.person.user_id), replace=False, in_channel=True)

    async def _zone_of(self, who: Typed | Submitted) -> str:
        return str(await self.users.zone_of(who.person.user_id))


def _who_where(who: Typed | Submitted) -> dict[str, object]:
    return {"user_id": who.person.user_id, "channel_id": who.channel_id}
