"""Answers who asks without a command: by a mention, in a direct message, or with the shortcut on a message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain import Choice, MailRef
from bot.mails.directory import MailDirectory
from bot.mails.mentioned import mail_in
from bot.slack.command_names import NamesHeard
from bot.slack.commands import AskMail, Verb
from bot.slack.handlers.forms import read_command
from bot.slack.handlers.status import StatusHandler
from bot.slack.kit.blocks import message, together
from bot.slack.payloads import Home, Typed
from bot.slack.spoken import PointedAt, Said
from bot.slack.transport.responders import Answer
from bot.slack.views import help as guide
from bot.slack.views.reasons import explained


@dataclass(frozen=True, kw_only=True, slots=True)
class AskingHandler:
    status: StatusHandler
    directory: MailDirectory
    commands: NamesHeard
    home: Home

    async def said(self, said: Said, answer: Answer) -> None:
        """As after `/mail-status`; what names no mail is answered with help."""
        typed = Typed(
            person=said.person,
            channel_id=said.channel_id,
            command=self.commands.names.of(Verb.STATUS),
            text=self._words(said),
            trigger_id="",
        )
        if explained(typed.text):  # also where no mail is named
            await self.status.typed(typed, answer)
            return
        request = await read_command(Verb.STATUS, typed, self.directory)
        if not isinstance(request, AskMail):
            await answer.send(guide.help_for(Verb.HELP, self.commands.names.of(Verb.HELP)))
            return
        meant = self.directory.meant(request.target)
        if isinstance(meant, Choice) and not meant.mails:
            how = guide.help_for(Verb.STATUS, typed.command)
            await answer.send(together([guide.choose(meant, verb=Verb.STATUS), how]))
        else:
            await self.status.typed(typed, answer)

    async def pointed_at(self, pointed: PointedAt, answer: Answer) -> None:
        """Only who used the shortcut sees the answer; the message may be anybody's, and stays."""
        meant, why = mail_in(pointed.text, self.directory), explained(pointed.text)
        if isinstance(meant, MailRef):
            await self.status.show(meant, pointed.channel_id, answer, replace=False, why=why)
        elif why:
            await answer.send(message(why), replace=False)
        elif meant.mails:
            await answer.send(guide.choose(meant, verb=Verb.STATUS), replace=False)
        else:
            await answer.send(guide.no_mail_in_message(), replace=False)

    def _words(self, said: Said) -> str:
        """Without the mention of the bot, wherever it stands, and what stands around that."""
        mention = rf"<@{re.escape(self.home.bot_user_id)}(?:\|[^>]*)?>"
        return re.sub(mention, " ", said.text).strip(" \t\n,:;，：")
