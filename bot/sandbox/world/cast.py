"""The sandbox's cast: a mail for every state, refusal and malformed answer, lively ones, and a storm."""

from datetime import time, timedelta
from typing import Any

from bot.sandbox.world import refusals
from bot.sandbox.world.behaviour import Malformed, OnRun, RunQuirk, Truth
from bot.sandbox.world.mail import Group, Law, Mail, Status
from bot.sandbox.world.plans import WORKDAYS, Compressed, Daily, Every, Plan
from bot.sandbox.world.refusals import Refusal
from bot.sandbox.world.world import SHANGHAI, Clock, World, utc_now

_PEOPLE = (
    ("Lin Mei", "b5d8fd9348cc4327aa10c7d2afb60401"),
    ("Ada Okafor", "b5d8fd9348cc4327aa10c7d2afb60402"),
    ("王小明", "b5d8fd9348cc4327aa10c7d2afb60403"),
    ("Sofia Rossi", "b5d8fd9348cc4327aa10c7d2afb60404"),
)
_PAST_PLANS = 3  # at 60x: planned hours × this many are history when the sandbox opens


def demo_world(*, clock: Clock = utc_now, seed: int = 0, speed: float = 60.0, storm: int = 100) -> World:
    """Lively mails keep plans of hours and days, `speed` times as fast; `storm` mails are there to fail."""
    world = World(clock=clock, seed=seed, hand_delay=timedelta(seconds=1))
    _add_states(world)
    _add_refusals(world)
    _add_malformed(world)
    _add_lively(world, speed)
    _add_storm(world, storm)
    return world


def _add(world: World, name: str, shows: str, **more: Any) -> Mail:
    owner_name, owner_id = _PEOPLE[len(name) % len(_PEOPLE)]
    return world.add_mail(name, shows=shows, **{"owner_name": owner_name, "owner_id": owner_id, **more})


def _past(world: World, mail: Mail, *ends: str, ago: timedelta = timedelta(hours=2)) -> None:
    """Runs an hour apart, oldest first, the last one `ago`."""
    for hours, outcome in zip(range(len(ends) - 1, -1, -1), ends, strict=True):
        world.run_now(mail.mail_id, started_ago=ago + timedelta(hours=hours), outcome=outcome)


def _add_states(world: World) -> None:
    states: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("Daily Sales", "SENT: its last run went out.", (Status.SENT,)),
        ("Weekly Ops", "FAILED: its last run failed.", (Status.SENT, Status.FAILED)),
        ("销售日报（华东）", "SENT, with a Chinese name.", (Status.SENT,)),
        ("Margins *Q3* <!channel> & <b>EMEA</b>", "A name that must not ring any bell.", (Status.SENT,)),
        ("Fleet Mileage", "A status word that the API's page does not list.", ("QUEUED",)),
    )
    for name, shows, ends in states:
        _past(world, _add(world, name, shows, group=Group.STATES), *ends)
    _add_running(world)
    _add(world, "New Joiners", "Never ran: an empty Result.", group=Group.STATES)
    several = _add(
        world, "Warehouse Handover", "Three runs in one answer.", group=Group.STATES, on_status=Truth(shown=3)
    )
    _past(world, several, Status.SENT, Status.FAILED, Status.SENT)
    paused = _add(world, "Old Price List", "Paused in Quick BI.", group=Group.STATES, paused=True)
    _past(world, paused, Status.SENT, ago=timedelta(days=12))
    numeric = _add(
        world, "Supplier Scorecard", "A mail ID of digits only.", mail_id="2342526", group=Group.STATES
    )
    _past(world, numeric, Status.SENT)


def _add_running(world: World) -> None:
    ten_minutes = timedelta(minutes=10)
    _add(
        world,
        "Stock Levels",
        "PROCESSING whenever you look: each run ends as the next begins.",
        group=Group.STATES,
        plan=Every(interval=ten_minutes),
        law=Law(takes=ten_minutes, spread=0.0),
        history=timedelta(minutes=25),
    )
    stuck = _add(world, "Month-end Close", "PROCESSING for over 15 minutes: stuck.", group=Group.STATES)
    _past(world, stuck, Status.SENT, ago=timedelta(days=1))
    world.run_now(stuck.mail_id, started_ago=timedelta(minutes=47), hangs=True)


_REFUSING: tuple[tuple[str, str, Refusal], ...] = (
    ("Retired Report", "Not found, though it is listed.", refusals.MAIL_DELETED),
    ("Re: ${subject}", "Its subject is invalid.", refusals.MAIL_SUBJECT),
    ("Lost ID", "Quick BI says that no mail ID reached it.", refusals.MAIL_ID_NULL),
    ("Board Pack (edition)", "The edition has no API, or the caller is no API user.", refusals.EDITION),
    ("Board Pack (admin)", "The caller is no administrator or API user.", refusals.NOT_ADMINISTRATOR),
    ("Board Pack (stranger)", "The account has never logged in to Quick BI.", refusals.NOT_IN_ORGANIZATION),
    ("RAM Policy", "The RAM policy lacks the action.", refusals.FORBIDDEN_RAM),
    ("RAM Policy (old words)", "The same, as NoPermission.", refusals.NO_PERMISSION),
    ("Wrong Key", "The access key is unknown.", refusals.KEY_UNKNOWN),
    ("Sleeping Key", "The access key is switched off.", refusals.KEY_INACTIVE),
    ("Wrong Secret", "The signature does not match.", refusals.SIGNATURE),
    ("Wrong Clock", "The clock is off by over 15 minutes.", refusals.TIMESTAMP),
    ("Old Token", "The STS token ran out.", refusals.TOKEN_EXPIRED),
    ("Crowded", "Throttled, without a word on how long.", refusals.THROTTLING),
    ("Crowded (user)", "Throttled, with x-acs-retry-after.", refusals.THROTTLING_USER),
    ("Crowded (API)", "Throttled for the whole API.", refusals.THROTTLING_API),
    ("Broken Engine", "HTTP 500: Quick BI's own fault.", refusals.INTERNAL_ERROR),
    ("Engine Offline", "HTTP 503: Quick BI is away.", refusals.UNAVAILABLE),
    ("Attachment Quota", "A code that nobody has seen.", refusals.UNKNOWN_CODE),
)

_RUN_BY_HAND: tuple[tuple[str, str, OnRun], ...] = (
    ("Busy Bee", "Run it by hand: it is running already.", refusals.ALREADY_RUNNING),
    ("Eager Reader", "Run it by hand: too often, try again in 5 minutes.", refusals.too_often(5)),
    ("Broken Timer", "Run it by hand: Quick BI's scheduler failed.", refusals.SCHEDULER),
    ("Stubborn", "Run it by hand: Quick BI says no without a reason.", RunQuirk.NOT_STARTED),
    ("Lost Word", "Run it by hand: it starts, but the answer is lost.", RunQuirk.REPLY_LOST),
)


def _add_refusals(world: World) -> None:
    shows = "Forbidden: this account may not see this mail."
    _past(world, _add(world, "Salaries", shows, group=Group.REFUSALS, permitted=False), Status.SENT)
    for name, shows, refusal in _REFUSING:
        _add(world, name, shows, group=Group.REFUSALS, on_status=refusal)
    for name, shows, on_run in _RUN_BY_HAND:
        _past(world, _add(world, name, shows, group=Group.REFUSALS, on_run=on_run), Status.SENT)


_MALFORMED: tuple[tuple[Malformed, str], ...] = (
    (Malformed.HTML_PAGE, "A web page instead of an answer, under HTTP 200."),
    (Malformed.BAD_GATEWAY, "A proxy's page under HTTP 502."),
    (Malformed.EMPTY_BODY, "Nothing at all, under HTTP 200."),
    (Malformed.BROKEN_JSON, "JSON that stops half-way."),
    (Malformed.NOT_AN_OBJECT, "JSON, but a list."),
    (Malformed.NO_RESULT, "Success without a Result."),
    (Malformed.RESULT_NULL, "Result is null."),
    (Malformed.RESULT_OBJECT, "Result is one object, not a list."),
    (Malformed.RESULT_TEXT, "Result is a word."),
    (Malformed.WRONG_TYPES, "Every field has the wrong type."),
    (Malformed.TASK_ID_TEXT, "taskId is a text: the run can be read all the same."),
    (Malformed.TASK_ID_ZERO, "taskId is 0, as in the page's own sample."),
    (Malformed.EXTRA_FIELDS, "Fields that nobody knows: the run can be read all the same."),
    (Malformed.EXEC_TIME_ODD, "A time that cannot be read."),
    (Malformed.SUCCESS_FALSE, "Success is false under HTTP 200, with a code."),
    (Malformed.SUCCESS_FALSE_BARE, "Success is false under HTTP 200, without a word."),
    (Malformed.REDIRECT, "Sent to a login page."),
    (Malformed.CUT_SHORT, "The connection breaks in the middle of the answer."),
    (Malformed.DROPPED, "The connection breaks without an answer."),
    (Malformed.SLOW, "The answer takes longer than anyone waits."),
)


def _add_malformed(world: World) -> None:
    for shape, shows in _MALFORMED:
        name = f"Odd answer: {shape.replace('-', ' ')}"
        _past(world, _add(world, name, shows, group=Group.MALFORMED, on_status=shape), Status.SENT)


def _hours(hours: float, minutes: float = 0) -> Every:
    return Every(interval=timedelta(hours=hours), offset=timedelta(minutes=minutes))


def _seconds(takes: float, *, fails: float = 0.0, mends: float | None = None) -> Law:
    mends_after = None if mends is None else timedelta(seconds=mends)
    return Law(takes=timedelta(seconds=takes), failure_rate=fails, mends_after=mends_after)


_LIVELY: tuple[tuple[str, str, Plan, Law], ...] = (
    ("Orders Pulse", "Every two planned hours, short, dependable.", _hours(2), _seconds(6)),
    (
        "Call Centre Queue",
        "Every three planned hours, sometimes fails.",
        _hours(3, 20),
        _seconds(12, fails=0.15),
    ),
    (
        "Web Funnel",
        "Every four planned hours, fails every third time.",
        _hours(4, 45),
        _seconds(15, fails=0.35),
    ),
    (
        "Refund Watch",
        "Its failures mend: FAILED turns SENT 45 s later.",
        _hours(5, 10),
        _seconds(8, fails=0.6, mends=45),
    ),
    ("Delivery Promise", "Runs overlap: one begins before the last is done.", _hours(3, 70), _seconds(230)),
    (
        "Cash Position",
        "Twice a planned day.",
        Daily(times=(time(8, 30), time(17, 0)), zone=SHANGHAI),
        _seconds(20),
    ),
    (
        "Morning Briefing",
        "Planned workdays at 09:00.",
        Daily(times=(time(9, 0),), zone=SHANGHAI, weekdays=WORKDAYS),
        _seconds(25, fails=0.1),
    ),
    (
        "Nightly Reconciliation",
        "Planned days at 02:15, long.",
        Daily(times=(time(2, 15),), zone=SHANGHAI),
        _seconds(75, fails=0.1),
    ),
    ("Region North", "At the same planned hour as its sisters.", _hours(6), _seconds(18, fails=0.1)),
    ("Region South", "At the same planned hour as its sisters.", _hours(6), _seconds(22, fails=0.1)),
    ("Region West", "At the same planned hour as its sisters.", _hours(6), _seconds(28, fails=0.1)),
    ("Price Changes", "Fails more often than not.", _hours(8, 30), _seconds(10, fails=0.7)),
)


def _add_lively(world: World, speed: float) -> None:
    origin = world.now
    history = timedelta(days=_PAST_PLANS) / speed
    for name, shows, planned, law in _LIVELY:
        plan = Compressed(plan=planned, origin=origin, speed=speed)
        _add(world, name, shows, group=Group.LIVELY, plan=plan, law=law, history=history)


def _add_storm(world: World, count: int) -> None:
    shows = "One of many that fail together in a storm."
    for mail in world.add_mails(count, prefix="Store", group=Group.STORM, shows=shows):
        _past(world, mail, Status.SENT, ago=timedelta(hours=5))
