"""A simulated Quick BI organisation: mails, schedules, runs, and controls. No network, no sleeping, no tasks.

    world = demo_world()                       # the sandbox's cast; speed=60: an hour's plan in a minute
    world = World(clock=SteppedClock())        # empty, on a clock that a test moves

Looking: `world.mails(group)`, `find(id)`, `mail(id)`, `named(name)`, `runs(id)` (newest first), `latest(id)`.
A `Mail` has `mail_id, name, owner_name, owner_id, group, shows` (a sentence: what it is an example of),
`plan, paused, permitted, next_start(now)`, and what is switched on: `fail_next, hang_next, skip_next,
failing_until`. A `Run` has `task_id, exec_at, ends_at, status_at(now)`.

Controls, each by mail ID (`NoSuchMail` if unknown): `run_now`, `run_by_hand`, `fail_next`, `fail_for`,
`hang_next`, `release`, `skip_next`, `mend`, `pause`, `resume`, `revise` (FAILED turns SENT), `revoke`,
`grant`, `delete`; for many: `storm(ids)`; `add_mail(name, plan=…, law=…)`, `add_mails(count)`.
"""

from bot.sandbox.world.behaviour import Behaviour, Malformed, RunQuirk, Truth
from bot.sandbox.world.cast import demo_world
from bot.sandbox.world.clock import Clock, SteppedClock, utc_now
from bot.sandbox.world.mail import Group, Mail
from bot.sandbox.world.plans import Compressed, Daily, Every, Plan
from bot.sandbox.world.refusals import Refusal
from bot.sandbox.world.runs import Law, Run, Status
from bot.sandbox.world.world import NoSuchMail, World

__all__ = [
    "Behaviour",
    "Clock",
    "Compressed",
    "Daily",
    "Every",
    "Group",
    "Law",
    "Mail",
    "Malformed",
    "NoSuchMail",
    "Plan",
    "Refusal",
    "Run",
    "RunQuirk",
    "Status",
    "SteppedClock",
    "Truth",
    "World",
    "demo_world",
    "utc_now",
]
