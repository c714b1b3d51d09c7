"""A simulated Quick BI organisation: mails, schedules, runs, and controls. No network, no sleeping, no tasks.

`demo_world()` is the sandbox's cast (speed=60: an hour's plan in a minute); `World(clock=…)` is empty.
"""

from bot.sandbox.world.behaviour import Malformed, RunQuirk
from bot.sandbox.world.cast import demo_world
from bot.sandbox.world.mail import Group, Law, Mail, Run, Status
from bot.sandbox.world.plans import Compressed, Daily, Every, Plan
from bot.sandbox.world.refusals import Refusal
from bot.sandbox.world.world import NoSuchMail, World

__all__ = [
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
    "World",
    "demo_world",
]
