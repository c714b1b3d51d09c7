"""The mails of a Quick BI organisation on a clock of one's choice, and the switches that trouble them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.world import refusals
from bot.sandbox.world.mail import Group, Mail, Run, Status
from bot.sandbox.world.refusals import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")
NO_TIME = timedelta(0)
HAND_LIMIT, HAND_WINDOW = 3, timedelta(minutes=10)
"""Runs by hand of one mail, and in what time."""

Clock = Callable[[], datetime]
"""Tells the time as an aware `datetime`."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class NoSuchMail(LookupError):
    """A control was asked to act on a mail that is not there."""


class World:
    """Mails, their runs, and what goes wrong with them. State follows from `clock()`: nothing runs here.

    >>> world = demo_world()
    >>> mail = world.named("Daily Sales")
    >>> world.fail_next(mail.mail_id)
    """

    def __init__(
        self,
        *,
        clock: Clock = utc_now,
        seed: int = 0,
        zone: ZoneInfo = SHANGHAI,
        hand_delay: timedelta = NO_TIME,
    ) -> None:
        """`hand_delay`: from a run by hand's acceptance to its start."""
        self.clock = clock
        self.seed = seed
        self.zone = zone
        self._hand_delay = hand_delay
        self._by_hand: dict[str, list[datetime]] = {}
        self._mails: dict[str, Mail] = {}

    # ---- looking

    @property
    def now(self) -> datetime:
        return self.clock()

    def mails(self, group: Group | None = None) -> tuple[Mail, ...]:
        """All of them, up to date, in the order in which they were added."""
        now = self.now
        for mail in self._mails.values():
            mail.advance(now)
        return tuple(mail for mail in self._mails.values() if group in {None, mail.group})

    def find(self, mail_id: str) -> Mail | None:
        mail = self._mails.get(mail_id)
        if mail:
            mail.advance(self.now)
        return mail

    def mail(self, mail_id: str) -> Mail:
        """Up to date; `NoSuchMail` if there is none."""
        mail = self.find(mail_id)
        if mail is None:
            raise NoSuchMail(mail_id)
        return mail

    def named(self, name: str) -> Mail:
        """The first mail of this name; `NoSuchMail` if there is none."""
        found = next((mail for mail in self._mails.values() if mail.name == name), None)
        if found is None:
            raise NoSuchMail(name)
        return self.mail(found.mail_id)

    def runs(self, mail_id: str) -> list[Run]:
        """Those that have begun, newest first."""
        return self.mail(mail_id).visible(self.now)

    def latest(self, mail_id: str) -> Run | None:
        return self.mail(mail_id).latest(self.now)

    # ---- the cast

    def add_mail(
        self, name: str, *, mail_id: str | None = None, history: timedelta = NO_TIME, **more: Any
    ) -> Mail:
        """A mail more. `more` are `Mail`'s fields; `history`: for how long its plan has been at work."""
        mail = Mail(
            mail_id=mail_id or self._new_id(name),
            name=name,
            seed=self.seed,
            seen_until=self.now - history,
            **{"owner_name": "Lin Mei", "owner_id": "b5d8fd9348cc4327****afb604", **more},
        )
        self._mails[mail.mail_id] = mail
        mail.advance(self.now)
        return mail

    def add_mails(self, count: int, *, prefix: str = "Store", **more: Any) -> tuple[Mail, ...]:
        """`prefix 001`, `prefix 002`, …: IDs are the same under the same seed."""
        return tuple(self.add_mail(f"{prefix} {number:03}", **more) for number in range(1, count + 1))

    def delete(self, mail_id: str) -> None:
        """The mail is gone: `Mail.Not.Found` from now on."""
        del self._mails[self.mail(mail_id).mail_id]
        self._by_hand.pop(mail_id, None)

    # ---- what happens to a mail

    def run_now(
        self,
        mail_id: str,
        *,
        started_ago: timedelta = NO_TIME,
        takes: timedelta | None = None,
        outcome: str | None = None,
        hangs: bool = False,
    ) -> Run:
        """A run that begins now or began a while ago, whatever the plan says."""
        mail = self.mail(mail_id)
        mail.hang_next += hangs
        return mail.begin(self.now - started_ago, takes=takes, outcome=outcome)

    def run_by_hand(self, mail_id: str) -> Run | Refusal:
        """`ManualRunMailTask`: refused while a run is going on, and after too many in a while."""
        mail, now = self.mail(mail_id), self.now
        if mail.is_running(now):
            return refusals.ALREADY_RUNNING
        lately = [at for at in self._by_hand.get(mail_id, ()) if at > now - HAND_WINDOW]
        if len(lately) >= HAND_LIMIT:
            wait = lately[0] + HAND_WINDOW - now
            return refusals.too_often(-(-wait // timedelta(minutes=1)))
        self._by_hand[mail_id] = [*lately, now]
        return mail.begin(now + self._hand_delay, by_hand=True)

    def fail_next(self, mail_id: str, *, runs: int = 1) -> None:
        self.mail(mail_id).fail_next += runs

    def fail_for(self, mail_id: str, lasting: timedelta) -> None:
        """Every run that starts within `lasting` from now fails."""
        self.mail(mail_id).failing_until = self.now + lasting

    def mend(self, mail_id: str) -> None:
        """Take back what was to go wrong: failing, hanging, skipping."""
        mail = self.mail(mail_id)
        mail.fail_next = mail.hang_next = mail.skip_next = 0
        mail.failing_until = None

    def hang_next(self, mail_id: str) -> None:
        """The next run stays PROCESSING until `release`."""
        self.mail(mail_id).hang_next += 1

    def release(self, mail_id: str, outcome: str = Status.SENT) -> Run | None:
        """End what is PROCESSING now; None if nothing is."""
        mail, now = self.mail(mail_id), self.now
        run = next((run for run in mail.visible(now) if not run.is_over_at(now)), None)
        return None if run is None else mail.put(replace(run, ends_at=now, outcome=outcome))

    def skip_next(self, mail_id: str) -> None:
        """The next planned run never starts, and nobody says so."""
        self.mail(mail_id).skip_next += 1

    def pause(self, mail_id: str) -> None:
        self.mail(mail_id).paused = True

    def resume(self, mail_id: str) -> None:
        self.mail(mail_id).paused = False

    def revise(
        self, mail_id: str, status: str, *, task_id: int | None = None, after: timedelta = NO_TIME
    ) -> Run | None:
        """A run (the latest) says something else from `after` on, though it was over. None if there is none."""
        mail = self.mail(mail_id)
        run = mail.latest(self.now) if task_id is None else mail.run(task_id)
        if run is None:
            return None
        return mail.put(replace(run, revised_at=self.now + after, revised_to=status))

    def revoke(self, mail_id: str) -> None:
        """The caller may not see this mail any more."""
        self.mail(mail_id).permitted = False

    def grant(self, mail_id: str) -> None:
        self.mail(mail_id).permitted = True

    def storm(
        self, mail_ids: Iterable[str], *, takes: timedelta = NO_TIME, outcome: str = Status.FAILED
    ) -> tuple[Run, ...]:
        """All of these mails run at this moment, and end the same way."""
        return tuple(self.run_now(mail_id, takes=takes, outcome=outcome) for mail_id in mail_ids)

    def _new_id(self, name: str) -> str:
        """32 hexadecimal digits, as Quick BI's usually are."""
        number = 0
        while True:
            given = blake2b(f"{self.seed}/{name}/{number}".encode(), digest_size=16).hexdigest()
            if given not in self._mails:
                return given
            number += 1
