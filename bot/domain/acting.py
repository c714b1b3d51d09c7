"""What running a mail by hand needs of the world outside, as protocols: the claim, the look, the telling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain import MailId, MailRef, ManualRun, ManualRunState, Observation, TaskRun
    from bot.domain.manual_run_rules import Hindrance, RunNews, RunWish


class ManualRuns(Protocol):
    """Runs by hand: at most one is open for each mail. Raises StoreError."""

    async def claim(self, run: ManualRun, *, click: str) -> bool:
        """Take the right to start this run. False where this click, or an open run of the mail, had it before."""
        ...

    async def note(
        self, manual_run_id: str, state: ManualRunState, *, now: datetime, run_key: str = ""
    ) -> bool:
        """Record how it went on; REFUSED and ENDED close it. False where it was over already."""
        ...

    async def open_runs(self) -> tuple[ManualRun, ...]: ...

    async def latest(self, mail_id: MailId) -> ManualRun | None: ...


class ExpectedRuns(Protocol):
    async def expect_run(self, mail_id: MailId, at: datetime) -> None:
        """Somebody started a run by hand: a mail that is watched is looked at closely. Raises StoreError."""
        ...


class PatientLookup(Protocol):
    async def ask_patiently(self, ref: MailRef, *, fresh_for: float = ...) -> Observation:
        """Look in a call that no person wants. `fresh_for` is in seconds. Raises QuickBIError."""
        ...


class RunTeller(Protocol):
    """Tells whoever asked for a run by hand, and whoever should see it, what became of it."""

    async def tell(self, run: ManualRun, news: RunNews) -> bool:
        """False where it could not be said now, but may be later. Never raises."""
        ...


class ManualRunService(Protocol):
    """Runs mails by hand."""

    async def begin(self, wish: RunWish, newest: TaskRun | None, teller: RunTeller) -> Hindrance | None:
        """Claim the run and start it; `teller` hears the rest. Returns why not, where it may not begin.

        `newest` is the mail's newest run, looked at just now. Raises StoreError: then nothing was started.
        """
        ...
