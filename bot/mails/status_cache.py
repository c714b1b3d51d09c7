"""What Quick BI said lately, to whomever: an answer for a few seconds, a last known state for long."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import MailRef

if TYPE_CHECKING:
    from bot.domain import Observation

MOST = 5_000


class StatusCache:
    """The newest observation of each mail and run; the oldest are forgotten."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: OrderedDict[MailRef, Observation] = OrderedDict()

    def remember(self, ref: MailRef, observation: Observation) -> None:
        """A look at one run by its ID is news of the mail, too: as old as the mail's own sight, but true."""
        self._keep(ref, observation)
        mail = MailRef(mail_id=ref.mail_id)
        known = self._seen.get(mail)
        if ref != mail and known is not None:
            self._keep(mail, _with_newer_words(known, observation))

    def _keep(self, ref: MailRef, observation: Observation) -> None:
        self._seen[ref] = observation
        self._seen.move_to_end(ref)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def last(self, ref: MailRef) -> Observation | None:
        return self._seen.get(ref)


def _with_newer_words(known: Observation, newer: Observation) -> Observation:
    """The runs of `known`, each in the state that `newer` tells of it."""
    if newer.seen_at < known.seen_at:
        return known
    told = {run.key: run for run in newer.answer.runs}
    runs = tuple(told.get(run.key, run) for run in known.answer.runs)
    return replace(known, answer=replace(known.answer, runs=runs))
