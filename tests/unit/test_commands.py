"""What people type behind each command, and the names that are mails as they stand."""

from __future__ import annotations

import contextlib
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    WORKDAYS,
    DueTime,
    UsageError,
)
from bot.mails.references import MailName
from bot.mails.text_normalisation import folded
from bot.slack.commands import (
    EXAMPLE_NAME,
    AskForm,
    AskHelp,
    AskList,
    AskMail,
    Subscribe,
    Unsubscribe,
    Verb,
    parse,
)
from tests.unit.typed_samples import MAIL, OTHER, TASK, VENDOR_LINE, due, ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.mails.references import Target


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.HELP])
@pytest.mark.parametrize(
    "typed",
    [
        *("help", "HELP", "?", " help ", "help.", "“help”", "？", "/mail-list help"),
        *("—help", "–help", "--help", "-h", "ｈｅｌｐ", "/help", "－ｈｅｌｐ"),
    ],
)
def test_each_command_takes_help(verb: Verb, typed: str) -> None:
    """`help` is help, whatever the command and the keyboard."""
    assert parse(verb, typed) == AskHelp(verb=verb)


@pytest.mark.parametrize(
    ("verb", "typed", "expected"),
    [
        pytest.param(Verb.STATUS, "", AskForm(verb=Verb.STATUS), id="status form"),
        pytest.param(Verb.SUBSCRIBE, " ", AskForm(verb=Verb.SUBSCRIBE), id="subscribe form"),
        pytest.param(Verb.UNSUBSCRIBE, "", AskForm(verb=Verb.UNSUBSCRIBE), id="unsubscribe form"),
        pytest.param(Verb.HISTORY, "", AskForm(verb=Verb.HISTORY), id="history form"),
        pytest.param(Verb.RUN, "", AskForm(verb=Verb.RUN), id="run form"),
        pytest.param(Verb.HELP, "subscribe", AskHelp(verb=Verb.SUBSCRIBE), id="help about a command"),
        pytest.param(Verb.HELP, "/mail-run", AskHelp(verb=Verb.RUN), id="help about a command as typed"),
        pytest.param(Verb.UNSUBSCRIBE, "ＡＬＬ", Unsubscribe(targets=None), id="all, in full width"),
        pytest.param(Verb.SUBSCRIBE, MAIL, Subscribe(targets=(ref(),)), id="subscribe one"),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL} {OTHER}", Subscribe(targets=(ref(), ref(OTHER))), id="subscribe two"
        ),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL}, `{OTHER}`", Subscribe(targets=(ref(), ref(OTHER))), id="with a comma"
        ),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} {MAIL}", Subscribe(targets=(ref(),)), id="named twice is once"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"Daily Sales, {OTHER}",
            Subscribe(targets=(MailName(words="Daily Sales"), ref(OTHER))),
            id="a name and an ID",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f'"Daily Sales" {OTHER}',
            Subscribe(targets=(MailName(words="Daily Sales"), ref(OTHER))),
            id="a quoted name and an ID",
        ),
        pytest.param(Verb.SUBSCRIBE, VENDOR_LINE, Subscribe(targets=(ref(),)), id="Quick BI's error line"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} {TASK}", Subscribe(targets=(ref(),)), id="a pasted pair"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL},{TASK}", Subscribe(targets=(ref(),)), id="a glued pair"),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL} TaskId={TASK}", Subscribe(targets=(ref(),)), id="a labelled task"
        ),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} 5", Subscribe(targets=(ref(),)), id="a pair, a small task"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"MailId={MAIL}, {OTHER}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="a label before the first",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"1. {MAIL} 2. {OTHER}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="a numbered list",
        ),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL} and {OTHER}", Subscribe(targets=(ref(), ref(OTHER))), id="an and"
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"“{MAIL} due 09:30”.",
            Subscribe(targets=(ref(),), due=DueTime(at=time(9, 30))),
            id="due, all of it in quotes",
        ),
        pytest.param(Verb.UNSUBSCRIBE, f"{MAIL} {TASK}", Unsubscribe(targets=(ref(),)), id="a pair to leave"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"MailId={MAIL} MailId={OTHER}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="two labelled",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{VENDOR_LINE} {VENDOR_LINE.replace(MAIL, OTHER)}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="two of Quick BI's lines",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "Daily's Sales, Bob's mail",
            Subscribe(targets=(MailName(words="Daily's Sales"), MailName(words="Bob's mail"))),
            id="apostrophes are no quotes",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "'Daily Sales' ‘Bob’s mail’",
            Subscribe(targets=(MailName(words="Daily Sales"), MailName(words="Bob’s mail"))),
            id="single quotes are, even around an apostrophe",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} Daily Sales {OTHER}",
            Subscribe(targets=(ref(), MailName(words="Daily Sales"), ref(OTHER))),
            id="a name between IDs is one",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "10086 Call Center",
            Subscribe(targets=(MailName(words="10086 Call Center"),)),
            id="a name that begins with a number",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "2342526 2342527",
            Subscribe(targets=(ref("2342526"), ref("2342527"))),
            id="numbers side by side",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "Revenue by 3 regions",
            Subscribe(targets=(MailName(words="Revenue by 3 regions"),)),
            id="a name with “by” in it",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "Revenue by 3 regions by 09:30",
            Subscribe(targets=(MailName(words="Revenue by 3 regions"),), due=DueTime(at=time(9, 30))),
            id="a name with “by” in it, and a due time",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} due 09:30",
            Subscribe(targets=(ref(),), due=DueTime(at=time(9, 30))),
            id="due",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} due 9:30 weekdays grace 20m",
            Subscribe(
                targets=(ref(),),
                due=DueTime(at=time(9, 30), weekdays=WORKDAYS, grace=timedelta(minutes=20)),
            ),
            id="due, weekdays, grace",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} due 23:05 mon, Wednesday grace 1 h",
            Subscribe(
                targets=(ref(),),
                due=DueTime(at=time(23, 5), weekdays=frozenset({0, 2}), grace=timedelta(hours=1)),
            ),
            id="due on some days",
        ),
        pytest.param(Verb.UNSUBSCRIBE, "all", Unsubscribe(targets=None), id="unsubscribe all"),
        pytest.param(Verb.UNSUBSCRIBE, MAIL, Unsubscribe(targets=(ref(),)), id="unsubscribe one"),
        pytest.param(Verb.SUBSCRIPTIONS, "", AskList(), id="subscriptions"),
        pytest.param(Verb.LIST, "“daily”", AskList(words="daily"), id="list words"),
        pytest.param(Verb.LIST, "", AskList(words=""), id="list all"),
        pytest.param(
            Verb.HISTORY, f"{MAIL} {TASK}", AskMail(target=ref(task=TASK)), id="history, with a task"
        ),
        pytest.param(Verb.RUN, MAIL, AskMail(target=ref()), id="run"),
        pytest.param(Verb.HELP, "anything", AskHelp(verb=Verb.HELP), id="help"),
    ],
)
def test_other_commands(verb: Verb, typed: str, expected: object) -> None:
    """Every command has its request."""
    assert parse(verb, typed) == expected


@pytest.mark.parametrize(
    ("verb", "typed", "words"),
    [
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 25:00", "not a time of day", id="hour 25"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 9", "Write the time", id="no minutes"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 09:30 someday", "someday", id="unknown day"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 09:30 grace 99h", "12 hours", id="long grace"),
        pytest.param(Verb.SUBSCRIBE, "due 09:30", "missing", id="due without a mail"),
        pytest.param(
            Verb.SUBSCRIBE, " ".join(f"100{i:03}" for i in range(101)), "at most 100", id="101 mails"
        ),
        pytest.param(Verb.SUBSCRIPTIONS, "sales", "without “sales”", id="a list that takes no words"),
        pytest.param(Verb.RUN, "• Sales\n• Ops", "That is 2 mails", id="a list where one mail is run"),
    ],
)
def test_other_commands_say_what_was_wrong(verb: Verb, typed: str, words: str) -> None:
    """The example is one of the same command, and works."""
    with pytest.raises(UsageError) as refused:
        parse(verb, typed)
    assert words in refused.value.problem
    command, _, arguments = refused.value.example.partition(" ")
    assert command == f"/{verb}"
    parse(verb, arguments)


@pytest.mark.parametrize(
    "typed",
    [
        "Daily Sales\nWeekly Ops\nStock",
        "Daily Sales\r\nWeekly Ops\r\nStock\r\n",
        "Daily Sales\u2028Weekly Ops\u2029Stock",
        "• Daily Sales\n• Weekly Ops\n• Stock",
        "- Daily Sales\n- Weekly Ops\n- Stock",
        "1. Daily Sales\n2. Weekly Ops\n3. Stock",
        "1) Daily Sales\n2) Weekly Ops\n3) Stock",
        "Daily Sales,\nWeekly Ops,\nStock",
    ],
)
def test_a_column_of_names_is_several_mails(typed: str) -> None:
    """Whatever marks the lines, and whatever ends them; a due time may stand on the last."""
    mails = tuple(MailName(words=name) for name in ("Daily Sales", "Weekly Ops", "Stock"))
    assert parse(Verb.SUBSCRIBE, typed) == Subscribe(targets=mails)
    assert parse(Verb.UNSUBSCRIBE, typed) == Unsubscribe(targets=mails)
    assert parse(Verb.SUBSCRIBE, f"{typed} due 09:30") == Subscribe(targets=mails, due=due("09:30"))


def test_a_number_that_is_part_of_one_name_stays() -> None:
    """Only a list has numbers of its own."""
    assert parse(Verb.SUBSCRIBE, "1. FC Sales") == Subscribe(targets=(MailName(words="1. FC Sales"),))


@pytest.mark.parametrize("verb", [Verb.STATUS, Verb.SUBSCRIBE])
@pytest.mark.parametrize("at", [4, 16, 20, 31])
def test_an_id_that_was_wrapped_is_one_mail(verb: Verb, at: int) -> None:
    """A mail program breaks lines where it likes."""
    whole = AskMail(target=ref()) if verb is Verb.STATUS else Subscribe(targets=(ref(),))
    assert parse(verb, f"{MAIL[:at]}\r\n{MAIL[at:]}") == whole


def test_a_name_that_was_wrapped_is_one_mail() -> None:
    """Known names are joined; so is what is no list where only one mail makes sense."""
    assert parse(Verb.SUBSCRIBE, "Sales\n20241009", knows=_is_name) == Subscribe(
        targets=(MailName(words="Sales 20241009"),)
    )
    assert parse(Verb.STATUS, "Daily\nSales") == AskMail(target=MailName(words="Daily Sales"))


@pytest.mark.parametrize("typed", [f"{MAIL} {TASK}", f"{MAIL} TaskId={TASK}", VENDOR_LINE])
def test_a_task_that_plays_no_part_is_known(typed: str) -> None:
    """So that the answer can say so."""
    for verb in (Verb.SUBSCRIBE, Verb.UNSUBSCRIBE):
        asked = parse(verb, typed)
        assert isinstance(asked, Subscribe | Unsubscribe)
        assert asked.has_task
    assert not getattr(parse(Verb.SUBSCRIBE, MAIL), "has_task")  # noqa: B009 (of any request)


NAMES = (
    "10086",
    "10086 Call Center",
    "Sales",
    "Sales2024",
    "Sales 20241009",
    f"Sales {TASK}",
    "KPI-Q3",
    "Daily Sales (EU)",
    "【周报】销售",
    "Revenue by 3 regions",
    "Payments due 30 days",
    "Report due 09:30",
    "Mail: weekly",
    "TaskId=5",
    "Costs, Revenue",
    "d5a5**9c62",
    "_x_",
    "“Best” of Sales",
    "R&D: A/B test?",
    "deadbeef00000000deadbeef00000000",
)


def _is_name(words: str) -> bool:
    return folded(words) in map(folded, NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        pytest.param(Verb.STATUS, lambda name: AskMail(target=name), id="status"),
        pytest.param(Verb.RUN, lambda name: AskMail(target=name), id="run"),
        pytest.param(Verb.HISTORY, lambda name: AskMail(target=name), id="history"),
        pytest.param(Verb.SUBSCRIBE, lambda name: Subscribe(targets=(name,)), id="subscribe"),
        pytest.param(Verb.UNSUBSCRIBE, lambda name: Unsubscribe(targets=(name,)), id="unsubscribe"),
    ],
)
def test_an_exact_name_is_that_mail_whatever_else_it_looks_like(
    verb: Verb, expected: Callable[[MailName], object], name: str
) -> None:
    """No name is read as an ID, a task, a label or a time; not even in quotes, or in another case."""
    wanted = expected(MailName(words=name))
    assert parse(verb, name, knows=_is_name) == wanted
    assert parse(verb, f"`{name}`", knows=_is_name) == wanted
    loud = expected(MailName(words=name.upper()))
    assert parse(verb, f"  {name.upper().replace(' ', '  ')} ", knows=_is_name) == loud


def test_a_line_that_is_a_name_is_one_mail_whatever_stands_in_it() -> None:
    """Commas part what stands on one line, unless the line is a mail's name."""
    names = {"Revenue, EU", "Ops; night"}
    request = parse(
        Verb.SUBSCRIBE, "1. Revenue, EU\n2. Ops; night\n3. Alpha, Beta\ndue 09:30", knows=names.__contains__
    )
    assert isinstance(request, Subscribe)
    assert [target.words for target in request.targets if isinstance(target, MailName)] == [
        "Revenue, EU",
        "Ops; night",
        "Alpha",
        "Beta",
    ]


def test_exact_names_are_known_among_several() -> None:
    """By commas; the due time behind them is none of theirs."""
    names = ("10086 Call Center", "Revenue by 3 regions", "Sales 20241009")
    mails: tuple[Target, ...] = (*(MailName(words=name) for name in names), ref())
    typed = f"{', '.join(names)}, {MAIL}"
    assert parse(Verb.SUBSCRIBE, typed, knows=_is_name) == Subscribe(targets=mails)
    timed = parse(Verb.SUBSCRIBE, f"{typed} due 09:30", knows=_is_name)
    assert timed == Subscribe(targets=mails, due=DueTime(at=time(9, 30)))
    last = Subscribe(targets=(ref(), MailName(words="Report due 09:30")))
    assert parse(Verb.SUBSCRIBE, f"{MAIL}, Report due 09:30", knows=_is_name) == last


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        pytest.param(Verb.STATUS, f"{MAIL} x", id="status"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 25:00", id="subscribe"),
    ],
)
def test_the_example_has_the_command_as_this_workspace_calls_it(verb: Verb, arguments: str) -> None:
    """A second app's commands have a prefix; an example without it would ask the first one."""
    with pytest.raises(UsageError) as refused:
        parse(verb, arguments, command=f"/staging-{verb}")
    assert refused.value.example.startswith(f"/staging-{verb} {EXAMPLE_NAME}")


@given(st.sampled_from(Verb), st.text(max_size=300))
def test_nothing_typed_breaks_the_parser(verb: Verb, typed: str) -> None:
    """Any text is a request or a usage error, never another exception."""
    with contextlib.suppress(UsageError):
        parse(verb, typed)
